/// Launchers of the kernels of gradients, as stepwise_launchers.cuh has those of runs.
#pragma once

#include "cuda/stepwise/backward/gradient_kernels.cuh"
#include "cuda/stepwise/backward/gradient_state_kernels.cuh"
#include "cuda/stepwise/backward/sequence_kernels.cuh"
#include "cuda/stepwise/stepwise_launchers.cuh"

namespace rondo {

template <typename Element>
bool arriving_fits_packs(const ArrivingGradient<Element>& step) {
  constexpr int kWide = kPackWidth<Element>;
  return device::fits_packs<kWide>(step.h.d_state, step.units) && device::fits_packs<kWide>(step.product, step.units) &&
         device::fits_packs<kWide>(step.d_y, step.d_y_strides.time, step.d_y_strides.batch) &&
         rows_fit_packs(step.d_last_output);
}

template <typename Formula, typename Element>
bool step_takes_packs(const GateGradient<Formula, Element>& step, const StepLaunch& how) {
  constexpr int kWide = kPackWidth<Element>;
  return how.packs_pay(step.arriving.schedule.B, step.H) && arriving_fits_packs(step.arriving) &&
         kept_fits_packs<kWide, Element>(step.kept, step.arriving.units, step.H) && variant_fits_packs(step.variant) &&
         device::fits_packs<kWide>(step.c.d_state, step.H) && device::fits_packs<kWide>(step.rows.input, step.H);
}

/// The gradients of the gates; with kProjected of an h that is projected. The last step's kernel follows the kernel
/// that loads its gradients, and must not overlap it.
template <bool kProjected, typename Formula, typename Element>
void launch_gate_gradient(const GateGradient<Formula, Element>& step, const StepLaunch& how) {
  const std::int64_t B = step.arriving.schedule.B;
  if (B == 0) return;
  const bool packs = step_takes_packs(step, how);
  const bool follows_product = step.arriving.product != nullptr || step.inner_product != nullptr;
  const device::LaunchOrder order = follows_product ? how.order : device::LaunchOrder::serial;
  dispatch_activations(step.activations, [&]<typename Activations>(ActivationsTag<Activations>) {
    constexpr int kWide = kGatePackWidth<Formula, Element, Activations>;
    if (packs) {
      device::launch(gate_gradient_kernel<Formula, Element, Activations, kWide, kProjected>,
                     unit_grid<kWide>(B, step.H, how.stream, order), step);
    } else {
      device::launch(gate_gradient_kernel<Formula, Element, Activations, 1, kProjected>,
                     unit_grid<1>(B, step.H, how.stream, order), step);
    }
  });
}

/// The gradient of the candidate of a GRU that resets before its product.
template <typename Formula, typename Element>
void launch_candidate_gradient(const GateGradient<Formula, Element>& step, const StepLaunch& how) {
  const std::int64_t B = step.arriving.schedule.B;
  if (B == 0) return;
  const bool packs = step_takes_packs(step, how);
  const device::LaunchOrder order = step.arriving.product == nullptr ? device::LaunchOrder::serial : how.order;
  dispatch_activations(step.activations, [&]<typename Activations>(ActivationsTag<Activations>) {
    constexpr int kWide = kGatePackWidth<Formula, Element, Activations>;
    if (packs) {
      device::launch(candidate_gradient_kernel<Formula, Element, Activations, kWide>,
                     unit_grid<kWide>(B, step.H, how.stream, order), step);
    } else {
      device::launch(candidate_gradient_kernel<Formula, Element, Activations, 1>,
                     unit_grid<1>(B, step.H, how.stream, order), step);
    }
  });
}

/// The gradient of a projected h, before the product with the projection.
template <typename Element>
void launch_projected_gradient(const ProjectedGradient<Element>& step, const StepLaunch& how) {
  constexpr int kWide = kPackWidth<Element>;
  const std::int64_t B = step.arriving.schedule.B;
  const std::int64_t P = step.arriving.units;
  if (B == 0) return;
  const device::LaunchOrder order = step.arriving.product == nullptr ? device::LaunchOrder::serial : how.order;
  if (how.packs_pay(B, P) && arriving_fits_packs(step.arriving) && device::fits_packs<kWide>(step.d_projected, P)) {
    device::launch(projected_gradient_kernel<Element, kWide>, unit_grid<kWide>(B, P, how.stream, order), step);
  } else {
    device::launch(projected_gradient_kernel<Element, 1>, unit_grid<1>(B, P, how.stream, order), step);
  }
}

/// Copies the gradients of the final states. Runs before the kernels of all steps, serially.
template <typename Element>
void launch_load_gradients(const LoadGradients<Element>& load, Stream stream) {
  const std::int64_t B = load.schedule.B;
  if (B == 0) return;
  const std::int64_t units = std::max(load.h_units, load.c_units);
  device::launch(load_gradients_kernel<Element>, unit_grid<1>(B, units, stream, device::LaunchOrder::serial), load);
}

/// Writes the gradients of the states before the first step.
template <typename Element>
void launch_store_gradients(const StoreGradients<Element>& store, Stream stream) {
  const std::int64_t B = store.schedule.B;
  if (B == 0) return;
  const std::int64_t units = std::max(store.h_units, store.c_units);
  device::launch(store_gradients_kernel<Element>, unit_grid<1>(B, units, stream, device::LaunchOrder::serial), store);
}

}  // namespace rondo
