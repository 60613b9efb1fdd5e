/// Sums over rows in a fixed order, so that equal arguments give equal bits: first of parts of the rows, then of parts.
#pragma once

#include <cstdint>

#include "cuda/common/result_rows.h"
#include "cuda/device/convert_element.cuh"
#include "cuda/device/launch.cuh"
#include "cuda/stepwise/backward/row_parts.h"
#include "cuda/stepwise/unit_grid.cuh"
#include "recurrence/buffers.h"

namespace rondo {

/// parts[p][column] = the sum of `source` over the rows of part p.
template <typename Source, typename Real>
struct ColumnSums {
  const Source* source = nullptr;  ///< (rows, columns)
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t part_length = 0;
  Real* parts = nullptr;  ///< (parts, columns)
};

/// target = the sum of the parts, added to what is there if `accumulate`. Nothing is added after a stall, because the
/// parts hold NaN then, and the target is to be added to again.
template <typename Real, typename Target>
struct AddParts {
  const Real* parts = nullptr;  ///< (count, columns)
  std::int64_t count = 0;
  std::int64_t columns = 0;
  Target* target = nullptr;
  bool accumulate = false;
  const std::uint32_t* flags = nullptr;  ///< RecurrenceBuffers::flags; read if `accumulate`
};

__device__ inline bool has_stalled(const std::uint32_t* flags) { return flags != nullptr && (*flags & kStalled) != 0; }

/// The column of a thread. A block's y is the part.
__device__ inline std::int64_t column_of_thread() {
  return std::int64_t{device::block_index().x} * kUnitThreads + device::thread_index().x;
}

template <typename Source, typename Real>
__global__ void __launch_bounds__(kUnitThreads)
    column_sums_kernel(const __grid_constant__ ColumnSums<Source, Real> sums) {
  const std::int64_t column = column_of_thread();
  if (column >= sums.columns) return;
  const std::int64_t part = device::block_index().y;
  const std::int64_t begin = part * sums.part_length;
  const std::int64_t end = begin + sums.part_length < sums.rows ? begin + sums.part_length : sums.rows;
  Real sum = 0;
  for (std::int64_t row = begin; row < end; ++row) {
    sum += device::convert_element<Real>(sums.source[row * sums.columns + column]);
  }
  sums.parts[part * sums.columns + column] = sum;
}

template <typename Real, typename Target>
__global__ void __launch_bounds__(kUnitThreads) add_parts_kernel(const __grid_constant__ AddParts<Real, Target> add) {
  const std::int64_t column = column_of_thread();
  if (column >= add.columns || (add.accumulate && has_stalled(add.flags))) return;
  Real sum = 0;
  for (std::int64_t part = 0; part < add.count; ++part) sum += add.parts[part * add.columns + column];
  if (add.accumulate) sum = device::convert_element<Real>(add.target[column]) + sum;
  add.target[column] = device::convert_element<Target>(sum);
}

inline device::LaunchConfig column_grid(std::int64_t columns, std::int64_t parts, Stream stream) {
  return {.grid = {static_cast<unsigned>((columns + kUnitThreads - 1) / kUnitThreads), static_cast<unsigned>(parts)},
          .block = {kUnitThreads},
          .stream = stream};
}

/// Queues the sums of the parts of `sums.rows` rows, and sets sums.part_length.
template <typename Source, typename Real>
void launch_column_sums(ColumnSums<Source, Real> sums, Stream stream) {
  const RowParts parts(sums.rows);
  if (parts.count == 0 || sums.columns == 0) return;
  sums.part_length = parts.length;
  device::launch(column_sums_kernel<Source, Real>, column_grid(sums.columns, parts.count, stream), sums);
}

template <typename Real, typename Target>
void launch_add_parts(const AddParts<Real, Target>& add, Stream stream) {
  if (add.columns == 0) return;
  device::launch(add_parts_kernel<Real, Target>, column_grid(add.columns, 1, stream), add);
}

}  // namespace rondo
