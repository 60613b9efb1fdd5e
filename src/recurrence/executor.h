/// The seam between what a recurrence is and how a machine carries it out.
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

/// An executor's answer to a spec: yes, or no and why.
struct Support {
  bool accepted = true;
  std::string reason;  ///< why not; a clause that reads on after "declined: "

  static Support yes() { return {}; }
  static Support no(std::string reason) { return {false, std::move(reason)}; }
};

/// What a runner is made from. The weights stay where they are, unchanged, for as long as it lives.
struct RunnerRequest {
  RecurrenceSpec spec;
  WeightBuffers weights;
  Stream stream;
  DeviceProperties properties;  ///< what the plan was made for
  GraphUse graph_use = GraphUse::automatic;
};

/// An executor's part of one session: packed weights, handles of libraries, recorded graphs. Used by one thread at a
/// time.
class Runner {
 public:
  virtual ~Runner() = default;

  /// Runs the recurrence on the stream the runner was made for, without allocating or synchronising. `workspace` has
  /// `workspace_bytes` bytes, aligned to Allocator::kAlignment, and is nobody else's until the work is done. The
  /// buffers fit the spec: who builds them has checked that. Every element of every output that is present is written.
  virtual void run(const RecurrenceBuffers& buffers, void* workspace) = 0;

  /// Asked after a run that has set kStalled: does that run once more, and from then on every run, in a way in which
  /// nothing waits for what may not come. May allocate.
  virtual void recover(const RecurrenceBuffers&) {}
};

/// Carries out any recurrence it accepts. Executors hold no mutable state: one instance serves all threads.
class Executor {
 public:
  virtual ~Executor() = default;

  /// One word, unique, in lower case: what `explain()` prints and PlanOptions asks for.
  virtual std::string_view name() const = 0;

  /// Whether a runner can carry out `spec` on such a device, which is of the type the executor is for: host arithmetic
  /// on plain data.
  virtual Support supports(const RecurrenceSpec& spec, const DeviceProperties& properties) const = 0;

  /// Scratch bytes that a run needs.
  virtual std::size_t workspace_bytes(const RecurrenceSpec& spec, const DeviceProperties& properties) const = 0;

  /// What it expects a run to take, in nanoseconds and without the product of the inputs; nothing where it has no model
  /// of that. Of a spec that it supports.
  virtual std::optional<double> predicted_ns(const RecurrenceSpec&, const DeviceProperties&) const {
    return std::nullopt;
  }

  /// Whether blocks of its kernels wait for each other, so that a run may set kStalled. Of a spec that it supports.
  virtual bool may_stall(const RecurrenceSpec&, const DeviceProperties&) const { return false; }

  /// How it would run the spec, in words: whole lines for `explain()`, or nothing.
  virtual std::string describe(const RecurrenceSpec&, const DeviceProperties&) const { return {}; }

  /// Whatever a runner allocates, packs or asks of a library, it does here. Throws `ValueError` where only the library
  /// itself can tell that it does not support the spec.
  virtual std::unique_ptr<Runner> make_runner(const RunnerRequest& request) const = 0;
};

/// The executors of one type of device. They live as long as the program.
struct ExecutorList {
  /// A plan asks these in this order, and takes the first that accepts the spec.
  std::span<const Executor* const> automatic = {};
  /// A plan asks one of these only where PlanOptions::executor has its name.
  std::span<const Executor* const> by_name = {};
};

}  // namespace rondo
