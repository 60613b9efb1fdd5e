/// The interface between what a recurrence is and how a machine carries it out.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "recurrence/buffers.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// An executor's answer to a spec: accepted, or declined with a reason.
struct Support {
  bool accepted = true;
  std::string reason;  ///< why the executor declines: a clause that follows "declined: "

  static Support yes() { return {}; }
  static Support no(std::string reason) { return {false, std::move(reason)}; }
};

/// What a runner is made from. The weights stay at their addresses, unchanged, for as long as the runner lives.
struct RunnerRequest {
  RecurrenceSpec spec;
  WeightBuffers weights;
  Stream stream;
  DeviceProperties properties;  ///< what the plan was made for
  GraphUse graph_use = GraphUse::automatic;
};

/// An executor's part of one session: packed weights, handles of libraries, recorded graphs. One thread uses it at a
/// time.
class Runner {
 public:
  virtual ~Runner() = default;

  /// Runs the recurrence on the stream the runner was made for, without allocating or synchronising. `workspace` has
  /// `workspace_bytes` bytes, aligned to Allocator::kAlignment; no other work uses it until the run is done. The caller
  /// has checked that the buffers fit the spec. The run writes every element of every output that is present.
  virtual void run(const RecurrenceBuffers& buffers, void* workspace) = 0;

  /// Called after a run that has set kStalled. Repeats the stalled run without any wait between blocks, and uses that
  /// path for all later runs. May allocate.
  virtual void recover(const RecurrenceBuffers&) {}
};

/// Carries out any recurrence that it accepts. Executors hold no mutable state: one instance serves all threads.
class Executor {
 public:
  virtual ~Executor() = default;

  /// The name that `explain()` prints and PlanOptions::executor takes: one word, unique, in lower case.
  virtual std::string_view name() const = 0;

  /// Whether a runner can carry out `spec` on a device with `properties`, which is of the executor's type. This is host
  /// arithmetic and touches no device.
  virtual Support supports(const RecurrenceSpec& spec, const DeviceProperties& properties) const = 0;

  /// Scratch bytes that a run needs.
  virtual std::size_t workspace_bytes(const RecurrenceSpec& spec, const DeviceProperties& properties) const = 0;

  /// The predicted time of a run in nanoseconds, without the product of the inputs; absent where the executor has no
  /// model of the time. The executor supports the spec.
  virtual std::optional<double> predicted_ns(const RecurrenceSpec&, const DeviceProperties&) const {
    return std::nullopt;
  }

  /// Whether blocks of a kernel wait for each other, so that a run may set kStalled. The executor supports the spec.
  virtual bool may_stall(const RecurrenceSpec&, const DeviceProperties&) const { return false; }

  /// How the executor would run the spec, in words: whole lines for `explain()`, or an empty string.
  virtual std::string describe(const RecurrenceSpec&, const DeviceProperties&) const { return {}; }

  /// Makes a runner. All that a runner allocates, packs or requests from a library is done here. Throws `ValueError`
  /// where only the library itself can tell that it does not support the spec.
  virtual std::unique_ptr<Runner> make_runner(const RunnerRequest& request) const = 0;
};

/// The executors of one type of device. They live as long as the program.
struct ExecutorList {
  /// A plan asks these executors in this order, and takes the first that accepts the spec.
  std::span<const Executor* const> automatic = {};
  /// A plan asks one of these executors only where PlanOptions::executor names it.
  std::span<const Executor* const> by_name = {};
};

}  // namespace rondo
