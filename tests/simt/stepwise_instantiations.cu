// nvcc compiles the stepwise kernels for every cell, dtype and architecture, and fails if one spills registers.
// Building it is the test: it needs no GPU.
#include "cuda/executors/stepwise_launchers.cuh"
#include "recurrence/cells/gru.h"
#include "recurrence/cells/lstm.h"
#include "recurrence/cells/simple_rnn.h"

namespace rondo {

template <typename Element>
void launch_all(const LoadStates<Element>& load, const ResetStep<Element>& reset, const GateStep<Element>& gates,
                const StoreResults<Element>& store) {
  launch_load_states(load, {});
  launch_reset_step<GruResetBeforeFormula>(reset, {}, device::LaunchOrder::overlapping);
  launch_gate_step<SimpleRnnFormula>(gates, {}, device::LaunchOrder::overlapping);
  launch_gate_step<LstmFormula>(gates, {}, device::LaunchOrder::overlapping);
  launch_gate_step<GruResetAfterFormula>(gates, {}, device::LaunchOrder::overlapping);
  launch_gate_step<GruResetBeforeFormula>(gates, {}, device::LaunchOrder::overlapping);
  launch_store_results(store, {}, device::LaunchOrder::overlapping);
}

template void launch_all(const LoadStates<float>&, const ResetStep<float>&, const GateStep<float>&,
                         const StoreResults<float>&);
template void launch_all(const LoadStates<Float16>&, const ResetStep<Float16>&, const GateStep<Float16>&,
                         const StoreResults<Float16>&);
template void launch_all(const LoadStates<BFloat16>&, const ResetStep<BFloat16>&, const GateStep<BFloat16>&,
                         const StoreResults<BFloat16>&);

}  // namespace rondo
