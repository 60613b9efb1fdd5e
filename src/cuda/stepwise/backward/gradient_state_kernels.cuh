/// The kernels of gradients that run once, before the last step and after the first.
#pragma once

#include "cuda/stepwise/backward/gradient_rows.cuh"

namespace rondo {

template <int kWidth, typename Element>
__device__ inline void load_gradient(const CarriedGradient<Element>& carried, BatchRows<const Element> d_final,
                                     UnitPosition state, std::int64_t unit) {
  const ComputeType<Element> zeros[kWidth] = {};
  ComputeType<Element> d_state[kWidth] = {};
  read_units(d_final, state, d_state);
  device::write_pack(d_state, carried.d_state + unit);
  if (carried.reset_sums != nullptr) device::write_pack(zeros, carried.reset_sums + unit);
}

template <typename Element>
__global__ void __launch_bounds__(kUnitThreads)
    load_gradients_kernel(const __grid_constant__ LoadGradients<Element> load) {
  const UnitPosition at = unit_position<1>();
  if (at.b >= load.schedule.B) return;
  const UnitPosition state = state_position(load.schedule, at);
  if (at.u < load.h_units) load_gradient<1>(load.h, load.d_final_h, state, at.b * load.h_units + at.u);
  if (at.u < load.c_units) load_gradient<1>(load.c, load.d_final_c, state, at.b * load.c_units + at.u);
}

template <int kWidth, typename Element>
__device__ inline void store_gradient(const CarriedGradient<Element>& carried, bool reset, UnitPosition state,
                                      std::int64_t unit, ComputeType<Element> (&d_state)[kWidth],
                                      BatchRows<Element> d_initial, BatchRows<Element> d_reset) {
  take_reset(carried, reset, unit, d_state);
  store_units(d_state, d_initial, state);
  if (d_reset.data == nullptr) return;
  ComputeType<Element> sums[kWidth];
  device::read_pack(carried.reset_sums + unit, sums);
  store_units(sums, d_reset, state);
}

template <typename Element>
__global__ void __launch_bounds__(kUnitThreads)
    store_gradients_kernel(const __grid_constant__ StoreGradients<Element> store) {
  const UnitPosition at = unit_position<1>();
  if (at.b >= store.schedule.B) return;
  const UnitPosition state = state_position(store.schedule, at);
  const bool reset = store.schedule.resets_before(0, at.b);
  ComputeType<Element> d_state[1];
  if (at.u < store.h_units) {
    const std::int64_t unit = at.b * store.h_units + at.u;
    d_state[0] = store.h.d_state[unit];
    if (store.product != nullptr) d_state[0] += store.product[unit];
    store_gradient(store.h, reset, state, unit, d_state, store.d_initial_h, store.d_reset_h);
  }
  if (at.u < store.c_units) {
    const std::int64_t unit = at.b * store.c_units + at.u;
    d_state[0] = store.c.d_state[unit];
    store_gradient(store.c, reset, state, unit, d_state, store.d_initial_c, store.d_reset_c);
  }
}

}  // namespace rondo
