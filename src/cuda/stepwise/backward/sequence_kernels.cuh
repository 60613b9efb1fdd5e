/// The kernels that make the operands of products over whole sequences, and that spread the results of one.
///
/// A row of their grids is a pair of an input step t and a row b of the batch, t B + b. A packed x has no row for some.
/// Kernels that read a chunk of the reserve have its rows instead: pairs of a processing step and b.
#pragma once

#include "cuda/device/convert_element.cuh"
#include "cuda/stepwise/backward/column_sums.cuh"
#include "cuda/stepwise/backward/gradient_kernels.cuh"

namespace rondo {

/// The pair of a row of the grid.
struct SequenceRow {
  std::int64_t t = 0;
  std::int64_t b = 0;
  bool exists = false;
  bool live = false;
  std::int64_t row = 0;   ///< in the order of x
  std::int64_t kept = 0;  ///< in the reserve
};

/// The pair t, b in the order of x.
__device__ inline SequenceRow row_of_x(const Schedule& schedule, const TimeBatchStrides& x, std::int64_t t,
                                       std::int64_t b) {
  SequenceRow row{.t = t, .b = b, .exists = x.has(t, schedule.length(b))};
  if (!row.exists) return row;
  row.live = schedule.live(schedule.read_time(t, b), b);  // read_time is its own inverse
  row.row = reserve_row(schedule, x, t, b);
  return row;
}

/// Rows are counted in 31 bits, so that a division of 32 bits serves, which is shorter than one of 64.
__device__ inline SequenceRow sequence_row(const Schedule& schedule, const TimeBatchStrides& x, std::int64_t index) {
  const std::int64_t t = static_cast<std::uint32_t>(index) / static_cast<std::uint32_t>(schedule.B);
  return row_of_x(schedule, x, t, index - t * schedule.B);
}

/// The row at `index` of the kept rows.
__device__ inline SequenceRow kept_sequence_row(const Schedule& schedule, const KeptRows& kept, std::int64_t index) {
  const std::int64_t step = static_cast<std::uint32_t>(index) / static_cast<std::uint32_t>(schedule.B);
  const std::int64_t b = index - step * schedule.B;
  const std::int64_t t = kept.is_chunk ? schedule.read_time(kept.first_step + step, b) : step;
  SequenceRow row = row_of_x(schedule, kept.x, t, b);
  row.kept = kept.is_chunk ? index : row.row;
  return row;
}

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) live_inputs_kernel(const __grid_constant__ LiveInputs<Element> copy) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= copy.schedule.T * copy.schedule.B || at.u >= copy.I) return;
  const SequenceRow row = sequence_row(copy.schedule, copy.x_strides, at.b);
  if (!row.exists) return;
  ComputeType<Element> values[kWidth] = {};
  if (row.live) device::read_pack(copy.x + copy.x_strides.offset(row.t, row.b) + at.u, values);
  device::write_pack(values, copy.target + row.row * copy.I + at.u);
}

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) live_states_kernel(const __grid_constant__ LiveStates<Element> copy) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= copy.kept.rows(copy.schedule.B) || at.u >= copy.units) return;
  const SequenceRow row = kept_sequence_row(copy.schedule, copy.kept, at.b);
  if (!row.exists) return;
  ComputeType<Element> values[kWidth] = {};
  if (row.live) read_kept<Element, Activations>(copy.kept, copy.kept.h, row.kept * copy.units + at.u, values);
  if (row.live && copy.factor >= 0) {
    ComputeType<Element> factors[kWidth];
    const std::int64_t gate = (row.kept * copy.kept_gates + copy.factor) * copy.units + at.u;
    read_kept<Element, Activations>(copy.kept, copy.kept.gates, gate, factors);
    for (int i = 0; i < kWidth; ++i) values[i] *= value_of_kept(copy.gate, factors[i]);
  }
  device::write_pack(values, copy.target + row.row * copy.units + at.u);
}

template <typename Element, typename Activations, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) variant_rows_kernel(const __grid_constant__ VariantRows<Element> rows) {
  using Real = ComputeType<Element>;
  using Formula = LstmVariantFormula;
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= rows.kept.rows(rows.schedule.B) || at.u >= rows.H) return;
  const SequenceRow row = kept_sequence_row(rows.schedule, rows.kept, at.b);
  if (!row.exists) return;
  Real h[kWidth] = {};
  Real c[kWidth] = {};
  Real next_c[kWidth] = {};
  if (row.live) {
    Real gates[kWidth][Formula::kKept];
    read_gates<Element, Activations>(rows.kept, row.kept, rows.H, at.u, gates);
    read_kept<Element, Activations>(rows.kept, rows.kept.c, row.kept * rows.H + at.u, c);
    const auto variant = variant_units<kWidth>(rows.variant, rows.H, at.u);
    const auto activations = make_activations<Activations>(rows);
    for (int i = 0; i < kWidth; ++i) {
      const auto next = Formula::next(gates[i], UnitStates<Real>{.c = c[i]}, activations, variant.unit(i));
      h[i] = next.h;
      next_c[i] = next.c;
    }
  }
  if (rows.unprojected != nullptr) device::write_pack(h, rows.unprojected + row.row * rows.H + at.u);
  if (rows.c_pairs == nullptr) return;
  device::write_pack(c, rows.c_pairs + 2 * row.row * rows.H + at.u);
  device::write_pack(next_c, rows.c_pairs + (2 * row.row + 1) * rows.H + at.u);
}

/// dw_i = sum of da_i c, dw_f = sum of da_f c, dw_o = sum of da_o c', over the rows of a part. A block's y is the part.
template <typename Element>
__global__ void __launch_bounds__(kUnitThreads)
    peephole_sums_kernel(const __grid_constant__ PeepholeSums<Element> sums) {
  using Real = ComputeType<Element>;
  constexpr std::int64_t kGates = LstmVariantFormula::kGates;
  const std::int64_t u = std::int64_t{device::block_index().x} * kUnitThreads + device::thread_index().x;
  if (u >= sums.H) return;
  const std::int64_t part = device::block_index().y;
  const std::int64_t rows = sums.schedule.T * sums.schedule.B;
  const std::int64_t begin = part * sums.part_length;
  const std::int64_t end = begin + sums.part_length < rows ? begin + sums.part_length : rows;
  Real of_i = 0, of_f = 0, of_o = 0;
  for (std::int64_t index = begin; index < end; ++index) {
    const SequenceRow row = sequence_row(sums.schedule, sums.x, index);
    if (!row.live) continue;
    const Real* const c = sums.c_pairs + 2 * row.row * sums.H + u;
    const Element* const d_gates = sums.d_gates + row.row * kGates * sums.H + u;
    of_i += device::convert_element<Real>(d_gates[0]) * c[0];
    of_f += device::convert_element<Real>(d_gates[sums.H]) * c[0];
    of_o += device::convert_element<Real>(d_gates[3 * sums.H]) * c[sums.H];
  }
  Real* target = sums.parts + part * 3 * sums.H + u;
  target[0] = of_i;
  target[sums.H] = of_f;
  target[2 * sums.H] = of_o;
}

template <typename Element, int kWidth>
__global__ void __launch_bounds__(kUnitThreads) spread_rows_kernel(const __grid_constant__ SpreadRows<Element> spread) {
  const UnitPosition at = unit_position<kWidth>();
  if (at.b >= spread.T * spread.B || at.u >= spread.width) return;
  if (spread.accumulate && has_stalled(spread.flags)) return;
  const std::int64_t t = static_cast<std::uint32_t>(at.b) / static_cast<std::uint32_t>(spread.B);
  ComputeType<Element> values[kWidth];
  device::read_pack(spread.source + at.b * spread.width + at.u, values);
  Element* const target = spread.target + spread.strides.offset(t, at.b - t * spread.B) + at.u;
  if (spread.accumulate) {
    ComputeType<Element> before[kWidth];
    device::read_pack(target, before);
    for (int i = 0; i < kWidth; ++i) values[i] += before[i];
  }
  device::write_pack(values, target);
}

}  // namespace rondo
