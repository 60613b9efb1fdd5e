/// Candidates, which are ways to share out a recurrence, that were measured to be faster than the one that the model of
/// a step prefers.
///
/// A planner prefers the candidate of the row that fits to those that it has modelled, if the device has room for it. A
/// row fits a recurrence on a device of the same name and number of multiprocessors (a share of a device is another
/// device), of the same cell, dtype, math and H, and with B, T and I in the row's ranges. Activations, mask, lengths
/// and orders do not count, because they cost all candidates the same.
///
/// `bench/report/report.py tuning` writes the rows, tuning_rows.h, from records of scripts/gpu-check.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <tuple>

#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// The numbers from `least` to `most`, with both of them.
struct TuningRange {
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();

  constexpr bool has(std::int64_t value) const { return least <= value && value <= most; }
  constexpr bool meets(const TuningRange& other) const { return least <= other.most && other.least <= most; }
};

struct TuningRow {
  std::string_view device;  ///< as DeviceProperties::name
  int processors = 0;
  CellKind cell = CellKind::lstm;
  bool reset_after = true;  ///< as CellSpec has it; true where the cell is no GRU
  DType dtype = DType::f32;
  MatrixMath math = MatrixMath::strict;  ///< as math_of_kernels
  std::int64_t H = 0;
  TuningRange B = {};  ///< for which the candidate shares out rows as in its measurement
  /// Longer runs amortise the start-up cost: a persistent kernel that was faster at T is also faster above it,
  /// cuda_stepwise also below.
  TuningRange T = {};
  /// A kernel that multiplies x itself and was faster is also faster for fewer inputs, another kernel also for more.
  TuningRange I = {};
  std::string_view candidate = {};  ///< as candidate_name, or "cuda_stepwise"
  double step_us = 0;               ///< measured: the median run, products of the inputs included, over T
  std::string_view record = {};
};

inline constexpr std::string_view kStepwiseCandidate = "cuda_stepwise";

/// The fields that must be equal in a row and a recurrence, in the order by which a table is sorted.
constexpr auto tuning_key(const TuningRow& row) {
  return std::tuple(row.device, row.processors, row.cell, row.reset_after, row.dtype, row.math, row.H);
}

/// Whether rows are in order, by their keys, then B, then T, then I, and no two fit the same recurrence.
constexpr bool is_tuning_table(std::span<const TuningRow> table) {
  const auto place = [](const TuningRow& row) {
    return std::tuple(tuning_key(row), row.B.least, row.T.least, row.I.least);
  };
  for (std::size_t k = 0; k < table.size(); ++k) {
    if (k > 0 && !(place(table[k - 1]) < place(table[k]))) return false;
    for (std::size_t other = 0; other < k; ++other) {
      const bool same = tuning_key(table[other]) == tuning_key(table[k]);
      const bool meets = table[other].B.meets(table[k].B) && table[other].T.meets(table[k].T);
      if (same && meets && table[other].I.meets(table[k].I)) return false;
    }
  }
  return true;
}

/// The mode of products that kernels have for a recurrence: those of a CPU alone are strict here.
inline MatrixMath math_of_kernels(const RecurrenceSpec& spec) {
  const bool is_tf32 = spec.math == MatrixMath::tf32 || spec.math == MatrixMath::tf32x3;
  return spec.dtype == DType::f32 && is_tf32 ? spec.math : MatrixMath::strict;
}

/// The row of a table that fits, or null.
inline const TuningRow* find_tuning(std::span<const TuningRow> table, const RecurrenceSpec& spec,
                                    const DeviceProperties& properties) {
  const TuningRow wanted{.device = properties.name,
                         .processors = properties.processors,
                         .cell = spec.cell.kind,
                         .reset_after = spec.cell.kind != CellKind::gru || spec.cell.reset_after,
                         .dtype = spec.dtype,
                         .math = math_of_kernels(spec),
                         .H = spec.cell.units};
  for (const TuningRow& row : std::ranges::equal_range(table, tuning_key(wanted), {}, tuning_key)) {
    if (row.B.has(spec.B) && row.T.has(spec.T) && row.I.has(spec.I)) return &row;
  }
  return nullptr;
}

}  // namespace rondo
