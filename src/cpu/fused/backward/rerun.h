/// Runs steps again whose gates a run has not kept.
#pragma once

#include "cpu/fused/backward/worker.h"
#include "recurrence/workspace.h"

namespace rondo::fused {

/// The steps that are run again at once: a segment, or a chunk of gradients.
std::int64_t rerun_steps(const RecurrenceSpec& spec);

/// Cuts the memory from a workspace; nothing where the spec keeps gates.
RerunMemory cut_rerun(WorkspaceCutter& cutter, const RecurrenceSpec& spec, const KernelTable& kernels, int threads);

/// One part's share of running steps again.
class Rerun {
 public:
  /// The arguments must outlive the Rerun.
  Rerun(const GradientArguments& run, const RerunMemory& memory, std::span<const std::int32_t> rows);

  /// Runs a range of steps again, and keeps what the gradients need. All parts of a group of rows call it.
  KeptSteps run(const StepRange& range) const;

 private:
  void load_states(const StepRange& range) const;
  void load_row(const StepRange& range, std::int64_t b) const;

  const GradientArguments& run_;
  const RerunMemory& memory_;
  const std::span<const std::int32_t> rows_;
  const Schedule& schedule_;
  const ReserveLayout layout_;  ///< of the run's reserve
  RecurrenceSpec spec_;         ///< of the runs, which keep gates
};

}  // namespace rondo::fused
