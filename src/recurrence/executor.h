/// The interface between what a recurrence is and how a machine carries it out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "recurrence/buffers.h"
#include "recurrence/gradient_buffers.h"
#include "recurrence/weight_packs.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// Who reads what the runs of an executor keep.
enum class KeptLayout : std::uint8_t {
  common,  ///< every executor of this layout, which is that of reserve.h
  own      ///< the executor alone
};

/// Why an executor declines.
struct Refusal {
  std::string reason;  ///< a clause that follows "declined: "
};

/// What a runner is made from. The weights stay at their addresses for as long as the runner lives. They change only
/// where their packs are filled again.
struct RunnerRequest {
  RecurrenceSpec spec;
  WeightBuffers weights;
  std::shared_ptr<WeightPacks> packs;  ///< of these weights; never null
  Stream stream;
  DeviceProperties properties;  ///< what the plan was made for
  GraphUse graph_use = GraphUse::automatic;
};

/// The pack of the request's weights that is made by `recipe`, for a cell as the request's.
std::shared_ptr<const WeightPack> packed(const RunnerRequest& request, WeightPacks::Recipe recipe);

/// An executor's part of one session: packed weights, handles of libraries, recorded graphs. One thread uses it at a
/// time.
class Runner {
 public:
  virtual ~Runner() = default;

  /// Runs the recurrence on the stream the runner was made for, without allocating or synchronising. `workspace` has
  /// `workspace_bytes` bytes, aligned to Allocator::kAlignment; no other work uses it until the run is done. The caller
  /// has checked that the buffers fit the spec. The run writes every element of every output that is present.
  virtual void run(const RecurrenceBuffers& buffers, void* workspace) = 0;
};

/// The answer to a request for a runner: a runner, or why the device itself has no room for it.
struct MadeRunner {
  std::unique_ptr<Runner> runner = nullptr;  ///< null: refused
  /// Scratch bytes that a run needs. A runner that takes the place of the planned one may need more than planned.
  std::size_t workspace_bytes = 0;
  std::string refusal = {};  ///< a clause that names the kernel, what it needs and what the device has
};

/// A backward executor's part of one session, used as a Runner is.
class BackwardRunner {
 public:
  virtual ~BackwardRunner() = default;

  /// Computes the gradients of a run from its reserve, which stays as it is unless the buffers say that it may be
  /// consumed, on the stream the runner was made for, without allocating or synchronising. `workspace` as in
  /// Runner::run. Throws `ValueError` naming a tensor whose memory lies in a way that the executor cannot read.
  virtual void run(const GradientBuffers& buffers, void* workspace) = 0;
};

/// The answer to a request for a backward runner: a runner, or why the device itself has no room for it.
struct MadeBackwardRunner {
  std::unique_ptr<BackwardRunner> runner = nullptr;  ///< null: refused
  std::string refusal = {};                          ///< as MadeRunner::refusal
};

/// What a backward executor has decided about one spec on one device.
class BackwardDecision {
 public:
  virtual ~BackwardDecision() = default;

  /// Scratch bytes that a run needs.
  virtual std::size_t workspace_bytes() const = 0;
  /// As Decision::may_stall.
  virtual bool may_stall() const { return false; }
  /// As Decision::needs_fallback.
  virtual bool needs_fallback() const { return may_stall(); }
  /// How the executor computes the gradients, in words: whole lines for `explain()`, or an empty string.
  virtual std::string describe() const { return {}; }
  /// Makes a runner. All that it allocates, packs or requests from a library is done here.
  virtual MadeBackwardRunner make_runner(const RunnerRequest& request) const = 0;
};

/// An executor's answer to a spec whose gradients are wanted.
using BackwardAnswer = std::variant<Refusal, std::shared_ptr<const BackwardDecision>>;

/// What an executor has decided about one spec on one device: all that a plan keeps of it. A decision is immutable, so
/// one serves all threads.
class Decision {
 public:
  virtual ~Decision() = default;

  /// Scratch bytes that a run needs.
  virtual std::size_t workspace_bytes() const = 0;

  /// The predicted time of a run in nanoseconds, with the product of the inputs; absent where the executor has no model
  /// of the time.
  virtual std::optional<double> predicted_ns() const { return std::nullopt; }

  /// Whether blocks of a kernel wait for each other, so that a run may set kStalled.
  virtual bool may_stall() const { return false; }

  /// Whether a session may need another executor after all: after a stalled run, or because the device has no room.
  virtual bool needs_fallback() const { return may_stall(); }

  /// How the executor runs the spec, in words: whole lines for `explain()`, or an empty string.
  virtual std::string describe() const { return {}; }

  /// The bytes of a reserve of KeptLayout::own; absent: it has the common layout. May ask the device, and then throws
  /// as make_runner does.
  virtual std::optional<std::size_t> own_reserve_bytes() const { return std::nullopt; }

  /// Makes a runner for the spec and the device of this decision. All that a runner allocates, packs or requests from a
  /// library is done here. Throws `ValueError` where only the library itself can tell that it does not support the
  /// spec.
  virtual MadeRunner make_runner(const RunnerRequest& request) const = 0;
};

/// An executor's answer to a spec.
using Answer = std::variant<Refusal, std::shared_ptr<const Decision>>;

/// Carries out any recurrence that it accepts. Executors hold no mutable state: one instance serves all threads.
class Executor {
 public:
  virtual ~Executor() = default;

  /// The name that `explain()` prints and PlanOptions::executor takes: one word, unique, in lower case.
  virtual std::string_view name() const = 0;

  /// Decides whether and how to run `spec` on a device with `properties`, which is of the executor's type. This is host
  /// arithmetic and touches no device.
  virtual Answer decide(const RecurrenceSpec& spec, const DeviceProperties& properties) const = 0;

  /// Why the runs of a spec that `decide` accepts cannot write the reserve that the spec asks for; absent: they can.
  virtual std::optional<Refusal> refuse_to_keep(const RecurrenceSpec&) const {
    return Refusal{"it keeps nothing for gradients"};
  }

  /// The layout of what the executor's runs keep, and of what its gradients read.
  virtual KeptLayout kept_layout() const { return KeptLayout::common; }

  /// Whether its runs and its gradients swap a reserve where the spec wants it: see swaps_reserve. An executor that
  /// does not is not asked for either.
  virtual bool swaps_memory() const { return false; }

  /// Decides whether and how to compute the gradients of `spec`, whose runs keep a reserve that this executor reads.
  /// This is host arithmetic, as `decide` is.
  virtual BackwardAnswer decide_backward(const RecurrenceSpec&, const DeviceProperties&) const {
    return Refusal{"it computes no gradients"};
  }
};

/// The executors of one type of device. They live as long as the program.
struct ExecutorList {
  /// A plan asks these executors in this order, and takes the first that accepts the spec.
  std::span<const Executor* const> automatic = {};
  /// A plan asks one of these executors only where PlanOptions::executor names it.
  std::span<const Executor* const> by_name = {};
};

}  // namespace rondo
