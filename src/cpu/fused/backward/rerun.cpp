#include "cpu/fused/backward/rerun.h"

#include "cpu/fused/worker.h"

namespace rondo::fused {
namespace {

/// The spec of the runs: they keep gates.
RecurrenceSpec spec_of_runs(RecurrenceSpec spec) {
  spec.keep = Keep::gates;
  spec.segment = 0;
  return spec;
}

/// The layout of a range of steps in f32, with a row for each step and row of the batch.
ReserveLayout layout_of_range(RecurrenceSpec spec) {
  spec.keep = Keep::gates;
  spec.T = rerun_steps(spec);
  spec.segment = 0;
  spec.packed = false;
  spec.dtype = DType::f32;
  return reserve_layout(spec, 0);
}

}  // namespace

std::int64_t rerun_steps(const RecurrenceSpec& spec) { return spec.segment > 0 ? spec.segment : gradient_steps(spec); }

RerunMemory cut_rerun(WorkspaceCutter& cutter, const RecurrenceSpec& spec, const KernelTable& kernels, int threads) {
  RerunMemory memory{};
  if (spec.keep == Keep::gates) return memory;
  memory.steps.layout = layout_of_range(spec);
  memory.steps.memory = cutter.take<std::byte>(static_cast<std::int64_t>(memory.steps.layout.bytes));
  for (int k = 0; k < kMaxStates; ++k) memory.states[k] = cutter.take<float>(spec.B * state_units(spec.cell, k));
  const std::size_t forward = scratch_bytes(spec_of_runs(spec), PanelFormat::of(spec, kernels), threads);
  memory.workspace = cutter.take<std::byte>(static_cast<std::int64_t>(forward));
  return memory;
}

Rerun::Rerun(const GradientArguments& run, const RerunMemory& memory, std::span<const std::int32_t> rows)
    : run_(run),
      memory_(memory),
      rows_(rows),
      schedule_(run.buffers.run.schedule),
      layout_(reserve_layout(run.spec, run.buffers.run.x.packed_rows)),
      spec_(spec_of_runs(run.spec)) {}

KeptSteps Rerun::run(const StepRange& range) const {
  load_states(range);
  run_.group_barrier.arrive_and_wait(run_.partition.unit_groups);
  RecurrenceBuffers buffers = run_.buffers.run;
  for (std::size_t k = 0; k < buffers.initial_state.size(); ++k) {
    buffers.initial_state[k] = {memory_.states[k], state_units(spec_.cell, static_cast<int>(k))};
  }
  KeptSteps kept = memory_.steps;
  kept.first_step = range.first;
  run_worker({.spec = spec_,
              .kernels = run_.kernels,
              .weights = *run_.forward_weights,
              .variant = run_.variant,
              .buffers = buffers,
              .workspace = memory_.workspace,
              .partition = run_.partition,
              .index = run_.index,
              .barrier = run_.group_barrier,
              .steps = range,
              .rows = rows_,
              .kept = kept,
              .initial_dtype = DType::f32});
  run_.group_barrier.arrive_and_wait(run_.partition.unit_groups);  // other parts have kept other units
  return kept;
}

// The parts of a group share its rows.
void Rerun::load_states(const StepRange& range) const {
  const Range own = Range::part(static_cast<std::int64_t>(rows_.size()), run_.index % run_.partition.unit_groups,
                                run_.partition.unit_groups);
  for (std::int64_t i = own.begin; i < own.end; ++i) load_row(range, rows_[static_cast<std::size_t>(i)]);
}

/// The states before a segment are kept. Without segments, a row's states before the range are those before the first
/// step at which it is live, and a row that is never live needs none.
void Rerun::load_row(const StepRange& range, std::int64_t b) const {
  std::int64_t row = run_.spec.segment > 0 ? range.first / run_.spec.segment * run_.spec.B + b : -1;
  for (std::int64_t s = range.first; s < range.last && row < 0; ++s) {
    if (!schedule_.live(s, b)) continue;
    row = reserve_row(schedule_, run_.buffers.run.x.strides, schedule_.read_time(s, b), b);
  }
  if (row < 0) return;
  const auto load = [&](std::size_t offset, std::int64_t width, float* states) {
    const auto* source = static_cast<const std::byte*>(run_.buffers.run.reserve) + offset +
                         static_cast<std::size_t>(row * width) * size_of(layout_.dtype);
    run_.kernels.load_row(layout_.dtype, source, width, states + schedule_.state_row(b) * width);
  };
  load(layout_.h_offset, layout_.h, memory_.states[0]);
  if (layout_.c > 0) load(layout_.c_offset, layout_.c, memory_.states[1]);
}

}  // namespace rondo::fused
