/// Matrix products on the CPU: oneDNN for float, a loop for double, for which oneDNN has no product.
#pragma once

#include <cstdint>

namespace rondo {

/// A view of rows x cols elements; (i, j) is at data[i * row_stride + j * col_stride].
template <typename Real>
struct MatrixView {
  Real* data;
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t row_stride;
  std::int64_t col_stride = 1;
};

/// What gemm does with the elements that c has already; `overwrite` does not read them.
enum class GemmMode : std::uint8_t { overwrite, accumulate };

template <typename Real>
MatrixView<Real> transposed(const MatrixView<Real>& m) {
  return {m.data, m.cols, m.rows, m.col_stride, m.row_stride};
}

/// True where the elements of a row are adjacent and rows do not overlap. An axis of size 1 may have any stride.
template <typename Real>
bool has_packed_rows(const MatrixView<Real>& m) {
  return (m.cols <= 1 || m.col_stride == 1) && (m.rows <= 1 || m.row_stride >= m.cols);
}

/// True where gemm() takes the matrix as an operand without a copy.
template <typename Real>
bool suits_gemm(const MatrixView<Real>& m) {
  return has_packed_rows(m) || has_packed_rows(transposed(m));
}

/// Computes c = a b, or c += a b. c must share no memory with a and b. A product without terms is zero. a and b must
/// satisfy suits_gemm, and c must satisfy has_packed_rows. Throws `ValueError` if they do not or if the sizes disagree,
/// and `RuntimeError` when oneDNN refuses.
void gemm(const MatrixView<const float>& a, const MatrixView<const float>& b, const MatrixView<float>& c,
          GemmMode mode = GemmMode::overwrite);
void gemm(const MatrixView<const double>& a, const MatrixView<const double>& b, const MatrixView<double>& c,
          GemmMode mode = GemmMode::overwrite);

}  // namespace rondo
