/// Launchers of the kernels over whole sequences. They run serially, and do nothing where there are no rows.
#pragma once

#include "cuda/stepwise/backward/column_sums.cuh"
#include "cuda/stepwise/backward/sequence_kernels.cuh"
#include "cuda/stepwise/stepwise_launchers.cuh"

namespace rondo {

/// Launches kernel `wide`, which takes packs of kWide, or `narrow`, which takes single elements, over `rows` rows.
template <int kWide, typename Arguments>
void launch_over_rows(void (*wide)(Arguments), void (*narrow)(Arguments), bool packs, std::int64_t rows,
                      std::int64_t width, Stream stream, const Arguments& arguments) {
  if (rows == 0 || width == 0) return;
  const auto order = device::LaunchOrder::serial;
  if (packs) {
    device::launch(wide, unit_grid<kWide>(rows, width, stream, order), arguments);
  } else {
    device::launch(narrow, unit_grid<1>(rows, width, stream, order), arguments);
  }
}

template <typename Element>
void launch_live_inputs(const LiveInputs<Element>& copy, Stream stream) {
  constexpr int kWide = kPackWidth<Element>;
  const bool packs = device::fits_packs<kWide>(copy.x, copy.I, copy.x_strides.time, copy.x_strides.batch);
  launch_over_rows<kWide>(live_inputs_kernel<Element, kWide>, live_inputs_kernel<Element, 1>, packs,
                          copy.schedule.T * copy.schedule.B, copy.I, stream, copy);
}

template <typename Element>
void launch_live_states(const LiveStates<Element>& copy, Stream stream) {
  constexpr int kWide = kPackWidth<Element>;
  const bool packs = kept_fits_packs<kWide, Element>(copy.kept, copy.units, copy.units);
  launch_over_rows<kWide>(live_states_kernel<Element, kWide>, live_states_kernel<Element, 1>, packs,
                          copy.kept.rows(copy.schedule.B), copy.units, stream, copy);
}

template <typename Element>
void launch_variant_rows(const VariantRows<Element>& rows, Stream stream) {
  const bool packs =
      kept_fits_packs<kPackWidth<Element>, Element>(rows.kept, 0, rows.H) && variant_fits_packs(rows.variant);
  dispatch_activations(rows.activations, [&]<typename Activations>(ActivationsTag<Activations>) {
    constexpr int kWide = kGatePackWidth<LstmVariantFormula, Element, Activations>;
    launch_over_rows<kWide>(variant_rows_kernel<Element, Activations, kWide>,
                            variant_rows_kernel<Element, Activations, 1>, packs, rows.kept.rows(rows.schedule.B),
                            rows.H, stream, rows);
  });
}

template <typename Element>
void launch_spread_rows(const SpreadRows<Element>& spread, Stream stream) {
  constexpr int kWide = kPackWidth<Element>;
  const bool packs = device::fits_packs<kWide>(spread.source, spread.width) &&
                     device::fits_packs<kWide>(spread.target, spread.strides.time, spread.strides.batch);
  launch_over_rows<kWide>(spread_rows_kernel<Element, kWide>, spread_rows_kernel<Element, 1>, packs,
                          spread.T * spread.B, spread.width, stream, spread);
}

/// Queues the sums of the parts of all rows, and sets sums.part_length.
template <typename Element>
void launch_peephole_sums(PeepholeSums<Element> sums, Stream stream) {
  const RowParts parts(sums.schedule.T * sums.schedule.B);
  if (parts.count == 0) return;
  sums.part_length = parts.length;
  device::launch(peephole_sums_kernel<Element>, column_grid(sums.H, parts.count, stream), sums);
}

}  // namespace rondo
