/// What a session consists of.
#pragma once

#include "plan/occupied.h"
#include "plan/packed_rows.h"
#include "plan/planner.h"
#include "plan/reserve_tag.h"
#include "plan/run_flags.h"
#include "plan/run_tensors.h"
#include "plan/shared_weights_impl.h"
#include "recurrence/executor.h"
#include "rondo/plan/plan.h"

namespace rondo {

struct Session::Impl {
  Impl(Plan its_plan, Stream its_stream) : plan(std::move(its_plan)), stream(its_stream) {}
  ~Impl();

  const Plan plan;
  const Stream stream;
  std::shared_ptr<SharedWeights::Impl> weights;
  Tensor workspace;
  RunFlags flags;
  std::optional<PackedRows> packed;  // where the spec is packed
  std::unique_ptr<Runner> runner;
  ReserveTags tags;
  const std::uint64_t spec_tag = tag_of(plan.spec());
  bool runs_fallback = false;
  // Where the spec keeps a reserve:
  RunFlags backward_flags;
  std::unique_ptr<BackwardRunner> backward_runner;
  bool runs_backward_fallback = false;
  RecurrenceBuffers last_run;
  ForkFlag occupied;

  void prepare(const SharedWeights& its_weights, const std::optional<Tensor>& its_workspace);
  void make_runner();
  void make_backward_runner();
  void use_fallback();
  void use_backward_fallback();
  void take(MadeRunner made);
  RunnerRequest request() const;
  SessionStatus settle();
  ReserveTag tag_of_run(const SessionTensors& tensors) const { return tag_of(tensors, spec_tag, *weights->packs); }
  RunMemory memory(const RunFlags& of) const {
    return {.flags = of.words(), .packed = packed ? &*packed : nullptr, .own_reserve_bytes = own_reserve_bytes(plan)};
  }
  RecurrenceBuffers buffers(const SessionTensors& tensors) const {
    return run_buffers(plan.spec(), tensors, memory(flags));
  }
  GradientBuffers gradient_buffers(const SessionTensors& run, const SessionGradients& gradients) const;
  void prepare_run(const SessionTensors& tensors, const RecurrenceBuffers& buffers);
  void look_at_lengths(const RecurrenceBuffers& buffers) const;
};

}  // namespace rondo
