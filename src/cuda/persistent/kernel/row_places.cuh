/// Which rows of the batch a thread has, and where their sums are.
#pragma once

#include "cuda/device/opaque.cuh"
#include "cuda/persistent/kernel/unit_place.h"
#include "cuda/persistent/shape/shared_layout.h"

namespace rondo {

/// A thread has one unit in up to kThreadRows rows of each pass. Row i of the thread is row i % kThreadRows of pass
/// i / kThreadRows. Rows beyond the team's last one, and units beyond H, do not exist. `Run` are the arguments of a
/// kernel, with a shape, a layout and a schedule; `Counts` are PassCounts.
template <typename Formula, typename Run, typename Counts>
class RowPlaces {
 public:
  static constexpr int kRows = Counts::kPasses * Counts::kThreadRows;

  __device__ RowPlaces(const Run& run, const UnitPlace& place) : run_(run), place_(place) {}

  /// Rows of the team from this thread's first one to its i-th.
  __device__ int behind_first(int i) const {
    return i / Counts::kThreadRows * Counts::kPassRows + i % Counts::kThreadRows * place_.row_step;
  }
  /// Calls function(i) for all rows of a pass that some thread of the block may have. `i` is a constant in each call,
  /// because it chooses among registers.
  template <typename Function>
  __device__ void for_rows(int pass, const Function& function) const {
    for_row<0>(pass, function);
  }
  /// Whether this thread has an i-th row, and its unit is one of the layer's.
  __device__ bool exists(int i) const { return in_team(i) && place_.u < run_.shape.H; }
  /// Whether this thread pushes the row. A thread pushes also the zeros of a unit beyond H.
  __device__ bool is_pushed(int i) const { return in_team(i) && place_.lane == 0; }
  __device__ std::int32_t batch(int i) const { return place_.first_row + place_.row + behind_first(i); }
  __device__ std::int64_t state_row(int i) const { return run_.schedule.state_row(batch(i)); }
  __device__ int row_in_pass(int i) const { return place_.row + i % Counts::kThreadRows * place_.row_step; }

  /// SharedLayout::sum_layout, which is a constant where the block's units are known.
  __device__ SumLayout sums_layout() const {
    if constexpr (Counts::kUnits > 0) {
      constexpr PersistentShape kBlock{.octets = Counts::kUnits / kOctetUnits, .unit_warps = 1, .k_warps = kMostWarps};
      constexpr SumLayout kLayout = sum_layout(kBlock, kPhaseGates<Formula, 0>, Counts::kPassRows);
      return kLayout;
    } else {
      return run_.layout.sum_layout;
    }
  }
  /// Rows from the sums of this thread's first row of a pass to those of its i-th. Where some threads have fewer rows
  /// than others, a thread without an i-th row reads the sums of its first.
  __device__ int rows_to_sums(int i) const {
    constexpr bool kUneven =
        Counts::kUnits > 0 && Counts::kPassRows % (kPersistentThreads / (Counts::kUnits > 0 ? Counts::kUnits : 1)) != 0;
    const int rows = i % Counts::kThreadRows * place_.row_step;
    return kUneven && place_.row + rows >= Counts::kPassRows ? 0 : rows;
  }

 protected:
  const Run& run_;
  const UnitPlace place_;

 private:
  /// As for_rows, from the i-th row on.
  template <int i, typename Function>
  __device__ void for_row(int pass, const Function& function) const {
    if constexpr (i < kRows) {
      // Opaque, or the compiler makes a table of the passes, and an indirect branch through memory.
      const bool in_pass = i / Counts::kThreadRows == static_cast<int>(device::opaque(static_cast<unsigned>(pass)));
      if (in_pass && i % Counts::kThreadRows * place_.row_step < Counts::kPassRows) function(i);
      // Where a thread has one row in each pass, the search ends at that row.
      if (Counts::kThreadRows > 1 || !in_pass) for_row<i + 1>(pass, function);
    }
  }

  /// Whether the team has this row, whatever the unit.
  __device__ bool in_team(int i) const {
    return row_in_pass(i) < Counts::kPassRows && place_.row + behind_first(i) < place_.rows;
  }
};

}  // namespace rondo
