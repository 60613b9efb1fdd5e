/// Launchers of the steps that write a reserve. They have kernels of their own, so that a run that keeps nothing pays
/// nothing. Where no row can be dead they take the kernel for any schedule, too, which saves the compiler a third of
/// the kernels. What it costs has not been measured.
#pragma once

#include "cuda/stepwise/stepwise_launchers.cuh"

namespace rondo {

/// launch_gate_step, which also keeps states and gates.
template <typename Formula, typename Element>
void launch_keeping_gate_step(const Keeping<GateStep<Formula, Element>>& step, const StepLaunch& how) {
  using Step = Keeping<GateStep<Formula, Element>>;
  const std::int64_t B = step.sums.schedule.B;
  const std::int64_t H = step.sums.H;
  if (B == 0) return;
  const bool packs = step_takes_packs(step, how) && kept_fits_packs<kPackWidth<Element>, Element>(step.kept, H, H);
  const device::LaunchOrder order = step.from_zeros ? device::LaunchOrder::serial : how.order;
  dispatch_activations(step.sums.activations, [&]<typename Activations>(ActivationsTag<Activations>) {
    constexpr int kWide = kGatePackWidth<Formula, Element, Activations>;
    if (packs) {
      device::launch(gate_step_kernel<Formula, Element, Activations, kWide, Step>,
                     unit_grid<kWide>(B, H, how.stream, order), step);
    } else {
      device::launch(gate_step_kernel<Formula, Element, Activations, 1, Step>, unit_grid<1>(B, H, how.stream, order),
                     step);
    }
  });
}

/// launch_unprojected_step, which also keeps c and gates.
template <typename Element>
void launch_keeping_unprojected_step(const Keeping<UnprojectedStep<Element>>& step, const StepLaunch& how) {
  using Step = Keeping<UnprojectedStep<Element>>;
  const std::int64_t B = step.sums.schedule.B;
  const std::int64_t H = step.sums.H;
  if (B == 0) return;
  const bool packs = step_takes_packs(step, how) && kept_fits_packs<kPackWidth<Element>, Element>(step.kept, 0, H);
  const device::LaunchOrder order = step.from_zeros ? device::LaunchOrder::serial : how.order;
  dispatch_activations(step.sums.activations, [&]<typename Activations>(ActivationsTag<Activations>) {
    constexpr int kWide = kGatePackWidth<LstmVariantFormula, Element, Activations>;
    if (packs) {
      device::launch(unprojected_step_kernel<Element, Activations, kWide, Step>,
                     unit_grid<kWide>(B, H, how.stream, order), step);
    } else {
      device::launch(unprojected_step_kernel<Element, Activations, 1, Step>, unit_grid<1>(B, H, how.stream, order),
                     step);
    }
  });
}

/// launch_projected_step, which also keeps h.
template <typename Element>
void launch_keeping_projected_step(const Keeping<ProjectedStep<Element>>& step, const StepLaunch& how) {
  using Step = Keeping<ProjectedStep<Element>>;
  constexpr int kWide = kPackWidth<Element>;
  const std::int64_t B = step.schedule.B;
  const std::int64_t P = step.P;
  if (B == 0) return;
  if (step_takes_packs(step, how) && kept_fits_packs<kWide, Element>(step.kept, P, 0)) {
    device::launch(projected_step_kernel<Element, kWide, Step>, unit_grid<kWide>(B, P, how.stream, how.order), step);
  } else {
    device::launch(projected_step_kernel<Element, 1, Step>, unit_grid<1>(B, P, how.stream, how.order), step);
  }
}

}  // namespace rondo
