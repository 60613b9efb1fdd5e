#include "cpu/ops/gemm.h"

#include <dnnl.h>

#include <algorithm>
#include <shared_mutex>
#include <string>

#include "cpu/ops/onednn_fork.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

template <typename Real>
std::string text(const MatrixView<Real>& m) {
  return std::to_string(m.rows) + " x " + std::to_string(m.cols) + " with strides " + std::to_string(m.row_stride) +
         " and " + std::to_string(m.col_stride);
}

template <typename Real>
void check(const MatrixView<const Real>& a, const MatrixView<const Real>& b, const MatrixView<Real>& c) {
  if (a.cols != b.rows || a.rows != c.rows || b.cols != c.cols) {
    throw ValueError("gemm", text(a) + " by " + text(b) + " into " + text(c), "(M, K) by (K, N) into (M, N)");
  }
  for (const auto& operand : {a, b}) {
    if (!suits_gemm(operand)) throw ValueError("gemm", text(operand), "an axis of stride 1 and lines without overlap");
  }
  if (!has_packed_rows(c)) throw ValueError("gemm", text(c), "a result with packed rows without overlap");
}

// Finishes a product without terms: c += a b changes nothing then, and c = a b writes zeros. False for other products.
template <typename Real>
bool is_empty_product(const MatrixView<const Real>& a, const MatrixView<Real>& c, GemmMode mode) {
  if (c.rows == 0 || c.cols == 0) return true;
  if (a.cols > 0) return false;
  if (mode == GemmMode::overwrite) {
    for (std::int64_t i = 0; i < c.rows; ++i) std::fill_n(c.data + i * c.row_stride, c.cols, Real{0});
  }
  return true;
}

// A matrix as BLAS describes it: row-major, or the transpose of a row-major one. The stride of an axis of size 1 may be
// anything, but oneDNN requires a leading dimension that fits.
struct BlasOperand {
  char transposed;
  dnnl_dim_t leading;
};

BlasOperand blas_operand(const MatrixView<const float>& m) {
  if (has_packed_rows(m)) return {'N', m.rows <= 1 ? m.cols : m.row_stride};
  return {'T', m.cols <= 1 ? m.rows : m.col_stride};
}

}  // namespace

void gemm(const MatrixView<const float>& a, const MatrixView<const float>& b, const MatrixView<float>& c,
          GemmMode mode) {
  check(a, b, c);
  if (is_empty_product(a, c, mode)) return;
  const BlasOperand left = blas_operand(a);
  const BlasOperand right = blas_operand(b);
  const float beta = mode == GemmMode::accumulate ? 1.0F : 0.0F;
  const dnnl_dim_t result_leading = c.rows <= 1 ? c.cols : c.row_stride;
  const std::shared_lock under_way(onednn_under_way());
  const dnnl_status_t status = dnnl_sgemm(left.transposed, right.transposed, c.rows, c.cols, a.cols, 1.0F, a.data,
                                          left.leading, b.data, right.leading, beta, c.data, result_leading);
  if (status != dnnl_success) {
    throw RuntimeError("oneDNN: dnnl_sgemm of " + text(a) + " by " + text(b) + " gave status " +
                       std::to_string(static_cast<int>(status)));
  }
}

void gemm(const MatrixView<const double>& a, const MatrixView<const double>& b, const MatrixView<double>& c,
          GemmMode mode) {
  check(a, b, c);
  if (is_empty_product(a, c, mode)) return;
  for (std::int64_t i = 0; i < c.rows; ++i) {
    double* row = c.data + i * c.row_stride;
    if (mode == GemmMode::overwrite) std::fill_n(row, c.cols, 0.0);
    for (std::int64_t k = 0; k < a.cols; ++k) {  // i, k, j: the innermost loop runs along rows
      const double factor = a.data[i * a.row_stride + k * a.col_stride];
      const double* other = b.data + k * b.row_stride;
      for (std::int64_t j = 0; j < c.cols; ++j) row[j] += factor * other[j * b.col_stride];
    }
  }
}

}  // namespace rondo
