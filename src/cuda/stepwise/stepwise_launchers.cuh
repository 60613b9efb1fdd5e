/// Launchers of the stepwise executor's kernels. A kernel takes packs of kPackWidth units where packs leave work enough
/// for all multiprocessors and every row that the kernel accesses is aligned to packs; else it takes single units. A
/// launcher does nothing for an empty batch.
#pragma once

#include "cuda/device/launch.cuh"
#include "cuda/stepwise/projected_kernels.cuh"
#include "cuda/stepwise/state_kernels.cuh"
#include "cuda/stepwise/step_launch.h"

namespace rondo {

/// Units of a pack: 16 bytes of sums. f64, whose purpose is to check the other dtypes, has no packs, because two units
/// at once spill registers.
template <typename Element>
inline constexpr int kPackWidth = std::is_same_v<Element, double> ? 1 : 4;

template <typename Element>
bool rows_fit_packs(BatchRows<Element> rows) {
  return device::fits_packs<kPackWidth<Element>>(rows.data, rows.stride);
}

template <typename Element>
bool states_fit_packs(const StepStates<Element>& states, std::int64_t h_units, std::int64_t c_units) {
  constexpr int kWide = kPackWidth<Element>;
  return device::fits_packs<kWide>(states.h, h_units) && device::fits_packs<kWide>(states.c, c_units) &&
         device::fits_packs<kWide>(states.operand, h_units);
}

template <typename Element>
bool piece_fits_packs(const PieceStates<Element>& piece) {
  return rows_fit_packs(piece.h) && rows_fit_packs(piece.c);
}

inline bool variant_fits_packs(NoVariantStep) { return true; }

template <typename Element>
bool variant_fits_packs(const LstmVariantStep<Element>& variant) {
  return device::fits_packs<kPackWidth<Element>>(variant.peepholes);
}

template <typename Element>
bool sums_fit_packs(const StepSums<Element>& sums) {
  return device::fits_packs<kPackWidth<Element>>(sums.input_sums, sums.input_strides.time, sums.input_strides.batch,
                                                 sums.H) &&
         device::fits_packs<kPackWidth<Element>>(sums.recurrent_sums) &&
         device::fits_packs<kPackWidth<Element>>(sums.bias) &&
         device::fits_packs<kPackWidth<Element>>(sums.recurrent_bias);
}

template <typename Element>
bool results_fit_packs(const ResultRows<Element>& results) {
  return rows_fit_packs(results.last_output) && rows_fit_packs(results.final_h) && rows_fit_packs(results.final_c);
}

/// Copies the initial states into h and c. Runs before all other kernels of a run, serially.
template <typename Element>
void launch_load_states(const LoadStates<Element>& load, const StepLaunch& how) {
  const std::int64_t B = load.schedule.B;
  if (B == 0) return;
  const auto order = device::LaunchOrder::serial;
  const std::int64_t units = std::max(load.h_units, load.c_units);
  if (how.packs_pay(B, units) && rows_fit_packs(load.initial_h) && rows_fit_packs(load.initial_c) &&
      piece_fits_packs(load.piece) && states_fit_packs(load.states, load.h_units, load.c_units)) {
    device::launch(load_states_kernel<Element, kPackWidth<Element>>,
                   unit_grid<kPackWidth<Element>>(B, units, how.stream, order), load);
  } else {
    device::launch(load_states_kernel<Element, 1>, unit_grid<1>(B, units, how.stream, order), load);
  }
}

template <typename Type>
struct ActivationsTag {
  using Activations = Type;
};

/// Calls `function(ActivationsTag<Activations>{})` with the type that stands for `activations` in a kernel.
template <typename Function>
void dispatch_activations(Activations activations, Function&& function) {
  if (activations.is_standard()) return function(ActivationsTag<StandardActivations>{});
  function(ActivationsTag<Activations>{});
}

/// Units of a pack in the gates of a Formula. An LSTM takes no packs with activations that are chosen at run time: the
/// calls of its many activations for several units spill registers.
template <typename Formula, typename Element, typename Activations>
inline constexpr int kGatePackWidth =
    Formula::kStates == 2 && !std::is_same_v<Activations, StandardActivations> ? 1 : kPackWidth<Element>;

/// reset_operand = r * h, for a Formula whose candidate is computed from r * h.
template <typename Formula, typename Element>
void launch_reset_step(const ResetStep<Element>& step, const StepLaunch& how) {
  static_assert(kPhases<Formula> == 2, "the cell has no product after a reset");
  constexpr int kWide = kPackWidth<Element>;
  const std::int64_t B = step.sums.schedule.B;
  const std::int64_t H = step.sums.H;
  if (B == 0) return;
  const bool packs = how.packs_pay(B, H) && sums_fit_packs(step.sums) && device::fits_packs<kWide>(step.h) &&
                     device::fits_packs<kWide>(step.reset_operand);
  dispatch_activations(step.sums.activations, [&]<typename Activations>(ActivationsTag<Activations>) {
    if (packs) {
      device::launch(reset_step_kernel<Formula, Element, Activations, kWide>,
                     unit_grid<kWide>(B, H, how.stream, how.order), step);
    } else {
      device::launch(reset_step_kernel<Formula, Element, Activations, 1>, unit_grid<1>(B, H, how.stream, how.order),
                     step);
    }
  });
}

/// `step` without the fields that only dead rows need.
template <typename Formula, typename Element>
AllLiveGateStep<Formula, Element> all_live_step(const GateStep<Formula, Element>& step) {
  const StepSums<Element>& sums = step.sums;
  const Schedule& schedule = sums.schedule;
  const bool last = sums.s + 1 == schedule.T;
  const std::int64_t time = schedule.read_time(sums.s, 0);  // the same for all rows
  return {.B = static_cast<std::int32_t>(schedule.B),
          .H = static_cast<std::int32_t>(sums.H),
          .activations = sums.activations,
          .from_zeros = step.from_zeros,
          .last = last,
          .variant = step.variant,
          .input_sums = sums.input_sums + time * sums.input_strides.time,
          .recurrent_sums = sums.recurrent_sums,
          .bias = sums.bias,
          .recurrent_bias = sums.recurrent_bias,
          .input_stride = sums.input_strides.batch,
          .next_inputs = last ? 0 : (schedule.read_time(sums.s + 1, 0) - time) * sums.input_strides.time,
          .h = step.states.h,
          .c = step.states.c,
          .operand = step.states.operand,
          .y = step.y == nullptr ? nullptr : step.y + schedule.write_time(sums.s, 0) * step.y_strides.time,
          .y_stride = step.y_strides.batch,
          .results = step.results};
}

/// Whether a gate step takes packs.
template <typename Formula, typename Element>
bool step_takes_packs(const GateStep<Formula, Element>& step, const StepLaunch& how) {
  const std::int64_t H = step.sums.H;
  return how.packs_pay(step.sums.schedule.B, H) && sums_fit_packs(step.sums) && states_fit_packs(step.states, H, H) &&
         variant_fits_packs(step.variant) && results_fit_packs(step.results) && piece_fits_packs(step.piece) &&
         device::fits_packs<kPackWidth<Element>>(step.y, step.y_strides.time, step.y_strides.batch);
}

/// One processing step of all rows. A step from zeros follows the product of the inputs and reads its sums before it
/// waits, so it must not overlap that product.
template <typename Formula, typename Element>
void launch_gate_step(const GateStep<Formula, Element>& step, const StepLaunch& how) {
  const Schedule& schedule = step.sums.schedule;
  const std::int64_t B = schedule.B;
  const std::int64_t H = step.sums.H;
  if (B == 0) return;
  const bool packs = step_takes_packs(step, how);
  const device::LaunchOrder order = step.from_zeros ? device::LaunchOrder::serial : how.order;
  const bool all_live = schedule.all_live();
  dispatch_activations(step.sums.activations, [&]<typename Activations>(ActivationsTag<Activations>) {
    constexpr int kGateWide = kGatePackWidth<Formula, Element, Activations>;
    const device::LaunchConfig grid =
        packs ? unit_grid<kGateWide>(B, H, how.stream, order) : unit_grid<1>(B, H, how.stream, order);
    if (all_live) {
      const auto kernel = packs ? all_live_gate_step_kernel<Formula, Element, Activations, kGateWide>
                                : all_live_gate_step_kernel<Formula, Element, Activations, 1>;
      device::launch(kernel, grid, all_live_step(step));
    } else {
      const auto kernel = packs ? gate_step_kernel<Formula, Element, Activations, kGateWide>
                                : gate_step_kernel<Formula, Element, Activations, 1>;
      device::launch(kernel, grid, step);
    }
  });
}

/// Whether the gates of a step whose h is projected take packs.
template <typename Element>
bool step_takes_packs(const UnprojectedStep<Element>& step, const StepLaunch& how) {
  constexpr int kWide = kPackWidth<Element>;
  const std::int64_t H = step.sums.H;
  return how.packs_pay(step.sums.schedule.B, H) && sums_fit_packs(step.sums) && variant_fits_packs(step.variant) &&
         device::fits_packs<kWide>(step.c, H) && device::fits_packs<kWide>(step.operand) &&
         rows_fit_packs(step.final_c) && rows_fit_packs(step.piece_c);
}

/// The gates of a step whose h is projected. A step from zeros does not overlap, as in launch_gates.
template <typename Element>
void launch_unprojected_step(const UnprojectedStep<Element>& step, const StepLaunch& how) {
  const std::int64_t B = step.sums.schedule.B;
  const std::int64_t H = step.sums.H;
  if (B == 0) return;
  const bool packs = step_takes_packs(step, how);
  const device::LaunchOrder order = step.from_zeros ? device::LaunchOrder::serial : how.order;
  dispatch_activations(step.sums.activations, [&]<typename Activations>(ActivationsTag<Activations>) {
    constexpr int kGateWide = kGatePackWidth<LstmVariantFormula, Element, Activations>;
    if (packs) {
      device::launch(unprojected_step_kernel<Element, Activations, kGateWide>,
                     unit_grid<kGateWide>(B, H, how.stream, order), step);
    } else {
      device::launch(unprojected_step_kernel<Element, Activations, 1>, unit_grid<1>(B, H, how.stream, order), step);
    }
  });
}

/// Whether the h of a step takes packs, where it is projected.
template <typename Element>
bool step_takes_packs(const ProjectedStep<Element>& step, const StepLaunch& how) {
  constexpr int kWide = kPackWidth<Element>;
  return how.packs_pay(step.schedule.B, step.P) && device::fits_packs<kWide>(step.sums, step.P) &&
         states_fit_packs(step.states, step.P, 0) && results_fit_packs(step.results) && piece_fits_packs(step.piece) &&
         device::fits_packs<kWide>(step.y, step.y_strides.time, step.y_strides.batch);
}

/// The h of a step, from the product with the projection.
template <typename Element>
void launch_projected_step(const ProjectedStep<Element>& step, const StepLaunch& how) {
  constexpr int kWide = kPackWidth<Element>;
  const std::int64_t B = step.schedule.B;
  const std::int64_t P = step.P;
  if (B == 0) return;
  if (step_takes_packs(step, how)) {
    device::launch(projected_step_kernel<Element, kWide>, unit_grid<kWide>(B, P, how.stream, how.order), step);
  } else {
    device::launch(projected_step_kernel<Element, 1>, unit_grid<1>(B, P, how.stream, how.order), step);
  }
}

/// Writes the results of a run without steps. The case is rare, so that its speed does not matter.
template <typename Element>
void launch_store_results(const StoreResults<Element>& store, const StepLaunch& how) {
  const std::int64_t B = store.schedule.B;
  if (B == 0) return;
  device::launch(store_results_kernel<Element, 1>,
                 unit_grid<1>(B, std::max(store.h_units, store.c_units), how.stream, device::LaunchOrder::serial),
                 store);
}

}  // namespace rondo
