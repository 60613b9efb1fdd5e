/// The seam between what a recurrence is and how a machine carries it out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "recurrence/buffers.h"
#include "rondo/device.h"
#include "rondo/recurrence.h"

namespace rondo {

/// An executor's answer to a spec: yes, or no and why.
struct Support {
  bool accepted = true;
  std::string reason;  ///< why not; a clause that reads on after "declined: "

  static Support yes() { return {}; }
  static Support no(std::string reason) { return {false, std::move(reason)}; }
};

/// Carries out any recurrence it accepts. Executors hold no mutable state: one instance serves all threads.
class Executor {
 public:
  virtual ~Executor() = default;

  /// One word, unique, in lower case: what `explain()` prints and PlanOptions asks for.
  virtual std::string_view name() const = 0;

  /// Whether `run` can carry out `spec` on such a device: host arithmetic on plain data.
  virtual Support supports(const RecurrenceSpec& spec, const DeviceProperties& properties) const = 0;

  /// Scratch bytes that `run` needs.
  virtual std::size_t workspace_bytes(const RecurrenceSpec& spec) const = 0;

  /// Runs on `stream` without allocating or synchronising. `workspace` has `workspace_bytes(spec)` bytes, aligned to
  /// Allocator::kAlignment, and is nobody else's until the work is done. The buffers fit the spec: who builds them
  /// has checked that. Every element of every output that is present is written.
  virtual void run(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers, void* workspace,
                   Stream stream) const = 0;
};

}  // namespace rondo
