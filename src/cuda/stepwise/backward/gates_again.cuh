/// Computes what a formula keeps of each step again, from the states before the steps: where a run has kept states
/// alone, its gradients begin with this. Nothing waits for anything here, so that a product serves all steps:
///
///     input sums = x W;  recurrent sums = h U
///     [r h;  recurrent sums = (r h) U for the candidate]
///     gates = what formula(input sums + b, recurrent sums + rb) keeps
#pragma once

#include "cuda/stepwise/backward/sequence_launchers.cuh"

namespace rondo {

/// The sums behind the gates of all rows.
template <typename Formula, typename Element>
struct GatesAgain {
  Schedule schedule = {};
  std::int64_t H = 0;
  Activations activations = {};
  const ComputeType<Element>* input_sums = nullptr;      ///< (rows, G H)
  const ComputeType<Element>* recurrent_sums = nullptr;  ///< (rows, G H)
  const ComputeType<Element>* bias = nullptr;            ///< (G H)
  const ComputeType<Element>* recurrent_bias = nullptr;  ///< (G H)
  [[no_unique_address]] VariantStep<Formula, Element> variant = {};
  KeptRows kept = {};                ///< whose gates are written
  Element* reset_operand = nullptr;  ///< (rows, H): r h, which the reset kernel writes
};

/// sums = the sums of a row, with as many products as there are before the candidate's.
template <typename Formula, int kProducts, int kWidth, typename Element>
__device__ inline void read_sums(const GatesAgain<Formula, Element>& again, std::int64_t row, int u,
                                 UnitSums<ComputeType<Element>, Formula::kGates, kWidth>& sums) {
  add_inputs<Formula>(again, again.input_sums + row * Formula::kGates * again.H, u, sums);
  add_products<kProducts>(again, {row, u}, sums);
}

template <typename Formula, typename Element, typename Activations, int kWidth>
__global__ void __launch_bounds__(kUnitThreads)
    gates_again_kernel(const __grid_constant__ GatesAgain<Formula, Element> again) {
  using Real = ComputeType<Element>;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= again.kept.rows(again.schedule.B) || at.u >= again.H) return;
  const SequenceRow row = kept_sequence_row(again.schedule, again.kept, at.b);
  if (!row.live) return;
  UnitResults<Real, kWidth> now;  // no gate depends on h but by its product
  if constexpr (Formula::kStates == 2) {
    read_kept<Element, Activations>(again.kept, again.kept.c, row.kept * again.H + at.u, now.c);
  }
  UnitSums<Real, Formula::kGates, kWidth> sums;
  read_sums<Formula, Formula::kGates>(again, row.row, at.u, sums);
  const auto variant = variant_units<kWidth>(again.variant, again.H, at.u);
  KeptUnits<Real, Formula::kKept, kWidth> kept;
  advance<Formula>(sums, make_activations<Activations>(again), variant, now, kept);
  keep_gates<Element, Activations>(again.kept, {row.kept, at.u}, again.H, kept);
}

template <typename Formula, typename Element, typename Activations, int kWidth>
__global__ void __launch_bounds__(kUnitThreads)
    reset_again_kernel(const __grid_constant__ GatesAgain<Formula, Element> again) {
  using Real = ComputeType<Element>;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= again.kept.rows(again.schedule.B) || at.u >= again.H) return;
  const SequenceRow row = kept_sequence_row(again.schedule, again.kept, at.b);
  if (!row.exists) return;
  Real h[kWidth] = {};
  if (row.live) {
    UnitSums<Real, Formula::kGates, kWidth> sums;
    read_kept<Element, Activations>(again.kept, again.kept.h, row.kept * again.H + at.u, h);
    read_sums<Formula, Formula::kProductsBeforeReset>(again, row.row, at.u, sums);
    const auto activations = make_activations<Activations>(again);
    for (int i = 0; i < kWidth; ++i) h[i] = Formula::reset(sums.input[i], sums.recurrent[i], h[i], activations);
  }
  device::write_pack(h, again.reset_operand + row.row * again.H + at.u);
}

template <typename Formula, typename Element>
bool again_takes_packs(const GatesAgain<Formula, Element>& again) {
  constexpr int kWide = kPackWidth<Element>;
  return device::fits_packs<kWide>(again.input_sums, again.H) && device::fits_packs<kWide>(again.bias) &&
         device::fits_packs<kWide>(again.recurrent_bias) && variant_fits_packs(again.variant) &&
         kept_fits_packs<kWide, Element>(again.kept, 0, again.H);
}

template <typename Formula, typename Element>
void launch_gates_again(const GatesAgain<Formula, Element>& again, Stream stream) {
  dispatch_activations(again.activations, [&]<typename Activations>(ActivationsTag<Activations>) {
    constexpr int kWide = kGatePackWidth<Formula, Element, Activations>;
    launch_over_rows<kWide>(gates_again_kernel<Formula, Element, Activations, kWide>,
                            gates_again_kernel<Formula, Element, Activations, 1>, again_takes_packs(again),
                            again.kept.rows(again.schedule.B), again.H, stream, again);
  });
}

/// reset_operand = r h, for a Formula whose candidate is computed from r h.
template <typename Formula, typename Element>
void launch_reset_again(const GatesAgain<Formula, Element>& again, Stream stream) {
  dispatch_activations(again.activations, [&]<typename Activations>(ActivationsTag<Activations>) {
    constexpr int kWide = kPackWidth<Element>;
    launch_over_rows<kWide>(reset_again_kernel<Formula, Element, Activations, kWide>,
                            reset_again_kernel<Formula, Element, Activations, 1>, again_takes_packs(again),
                            again.kept.rows(again.schedule.B), again.H, stream, again);
  });
}

}  // namespace rondo
