/// Sums over the rows of a chunk of features times columns: what the gradients of all weights are made of.
#pragma once

#include "cpu/fused/backward/worker.h"

namespace rondo::fused {

/// A matrix of gradients whose columns lie `gate_stride` apart from gate to gate, in panels, and `units` apart in the
/// target.
struct SumColumns {
  std::int64_t gates;
  std::int64_t units;
  std::int64_t gate_stride;
};

/// Sums [panel of columns][row][panel], and the gradient that they are written to; null where it is not wanted.
struct Sums {
  float* sums;
  std::int64_t rows;
  void* target;
};

/// What one part adds. `run` and `scratch` must outlive the OuterSums.
class OuterSums {
 public:
  OuterSums(const GradientArguments& run, const GradientScratch& scratch) : run_(run), scratch_(scratch) {}

  /// Sets the sums of some panels to zeros, where they are wanted.
  void begin(const Sums& sums, const Range& panels) const;
  /// target[tile][row][i] = rows[row][tile's i-th feature], for some of the rows.
  void pack(const float* const* rows, const Range& live, std::int64_t features, float* target) const;
  /// GradientNotes::columns = the gradients of some rows in the columns of a panel, from rows that lie `stride` apart.
  void copy_columns(const Range& rows, std::int64_t panel, const float* gradients, std::int64_t stride) const;
  /// sums[i][column] += sum over the rows of features[row][i] columns[row][column], in the order of the rows.
  void add_outer(const float* features, const Range& rows, std::int64_t panel, const Sums& sums) const;
  /// sums[column] += sum over the rows of columns[row][column], in the order of the rows.
  void add_bias(std::int64_t rows, std::int64_t panel, float* sums) const;
  /// Writes or adds the sums of some panels to their gradient, where it is wanted.
  void store(const Sums& sums, const Range& panels, const SumColumns& columns) const;
  /// Writes at most a panel's row of sums, or adds them to what is there.
  void store(const float* sums, std::int64_t count, bool adds, DType dtype, std::byte* target) const;

 private:
  void store_row(const Sums& sums, std::int64_t row, const Range& panels, const SumColumns& columns) const;

  const GradientArguments& run_;
  const GradientScratch& scratch_;
};

}  // namespace rondo::fused
