/// The kernels of the stepwise executor for states: one copies the initial states before the first step, the other
/// writes the results of a run without steps.
#pragma once

#include "cuda/stepwise/stepwise_kernels.cuh"

namespace rondo {

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) load_states_kernel(const __grid_constant__ LoadStates<Element> load) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= load.schedule.B) return;
  const bool begins_piece = load.schedule.resets_before(0, at.b);
  const UnitPosition state = state_position(load.schedule, at);
  if (at.u < load.h_units) {
    ComputeType<Element> h[kWidth] = {};
    read_units(begins_piece ? load.piece.h : load.initial_h, state, h);
    const std::int64_t unit = at.b * load.h_units + at.u;
    device::write_pack(h, load.states.h + unit);
    if constexpr (!std::is_same_v<Element, ComputeType<Element>>) device::write_pack(h, load.states.operand + unit);
  }
  if (load.states.c != nullptr && at.u < load.c_units) {
    ComputeType<Element> c[kWidth] = {};
    read_units(begins_piece ? load.piece.c : load.initial_c, state, c);
    device::write_pack(c, load.states.c + at.b * load.c_units + at.u);
  }
  if (at.u != 0) return;
  load.states.was_live[at.b] = false;
  check_length(load.schedule, at.b, load.flags);
}

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads)
    store_results_kernel(const __grid_constant__ StoreResults<Element> store) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= store.schedule.B) return;
  const UnitPosition state = state_position(store.schedule, at);
  if (at.u < store.h_units) {
    UnitResults<ComputeType<Element>, kWidth> now{.zeros = true};
    device::read_pack(store.states.h + at.b * store.h_units + at.u, now.h);
    const ResultRows<Element> of_h{.last_output = store.results.last_output, .final_h = store.results.final_h};
    store_results(of_h, state, now);
  }
  if (store.states.c != nullptr && at.u < store.c_units) {
    ComputeType<Element> c[kWidth];
    device::read_pack(store.states.c + at.b * store.c_units + at.u, c);
    store_units(c, store.results.final_c, state);
  }
}

}  // namespace rondo
