/// Products of rows with one matrix, of which no row's bits depend on the other rows.
#pragma once

#include <cstdint>

#include "cpu/ops/gemm.h"

namespace rondo {

/// A product with a matrix (K, N) in panels, on the vector kernels of cpu_fused: sums are added in the order of k,
/// however many rows there are.
class OrderedProduct {
 public:
  OrderedProduct() = default;
  /// `panels` are those that `pack` wrote.
  OrderedProduct(const float* panels, std::int64_t K, std::int64_t N) : panels_(panels), K_(K), N_(N) {}

  /// Floats of the panels of a matrix (K, N).
  static std::int64_t panel_floats(std::int64_t K, std::int64_t N);
  /// Writes a matrix of packed rows to `panels`, which are zeros before.
  static void pack(const MatrixView<const float>& matrix, float* panels);

  /// c (M, N) = a (M, K) times the matrix, for any M. Rows of a and c are packed; c shares no memory with a.
  void multiply(const MatrixView<const float>& a, const MatrixView<float>& c) const;

 private:
  const float* panels_ = nullptr;
  std::int64_t K_ = 0;
  std::int64_t N_ = 0;
};

}  // namespace rondo
