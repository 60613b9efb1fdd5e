#include "cpu/executors/ordered_product.h"

#include <algorithm>
#include <cstddef>

#include "cpu/fused/kernels.h"
#include "cpu/fused/panel_matrix.h"
#include "cpu/fused/tiles.h"

namespace rondo {
namespace {

using fused::best_kernels;
using fused::Group;
using fused::kMostVectors;
using fused::Tile;

/// Columns of a panel.
std::int64_t width() { return std::int64_t{kMostVectors} * best_kernels().lanes; }

std::int64_t panel_count(std::int64_t N) { return (N + width() - 1) / width(); }

/// Copies the sums of a tile with some panels to the tile's rows of c. The last panel has fewer columns.
void store(const float* sums, const Tile& tile, const Group& group, const MatrixView<float>& c) {
  for (std::int64_t p = group.first; p < group.first + group.panels; ++p) {
    const std::int64_t columns = std::min(width(), c.cols - p * width());
    for (std::int64_t r = tile.first; r < tile.first + tile.rows; ++r) {
      std::copy_n(sums, columns, c.data + r * c.row_stride + p * width());
      sums += width();
    }
  }
}

}  // namespace

std::int64_t OrderedProduct::panel_floats(std::int64_t K, std::int64_t N) { return panel_count(N) * K * width(); }

void OrderedProduct::pack(const MatrixView<const float>& matrix, float* panels) {
  for (std::int64_t first = 0; first < matrix.cols; first += width()) {
    const std::int64_t columns = std::min(width(), matrix.cols - first);
    for (std::int64_t k = 0; k < matrix.rows; ++k) {
      std::copy_n(matrix.data + k * matrix.row_stride + first, columns, panels);
      panels += width();
    }
  }
}

void OrderedProduct::multiply(const MatrixView<const float>& a, const MatrixView<float>& c) const {
  const fused::ProductKernel kernel = best_kernels().product(DType::f32, kMostVectors);
  const fused::PanelMatrix matrix{reinterpret_cast<const std::byte*>(panels_),
                                  K_ * width() * static_cast<std::int64_t>(sizeof(float)), K_};
  const std::int64_t bytes = panel_count(N_) * matrix.panel_bytes;
  const int at_once = kernel.panels_at_once(static_cast<int>(std::min<std::int64_t>(a.rows, kernel.most_rows)));
  alignas(64) float sums[fused::kMostSums];
  const float* rows[fused::kMostRows];
  fused::for_each_group({0, panel_count(N_)}, at_once, false, [&](const Group& group) {
    fused::for_each_tile(a.rows, kernel.most_rows, [&](const Tile& tile) {
      for (int r = 0; r < tile.rows; ++r) rows[r] = a.data + (tile.first + r) * a.row_stride;
      kernel.multiply({.rows = rows,
                       .row_count = tile.rows,
                       .K = K_,
                       .panels = matrix.panel(group.first),
                       .panel_stride = K_ * width(),
                       .panel_count = group.panels,
                       .prefetch = prefetch_of(tile, group, matrix, bytes),
                       .start = nullptr,
                       .sums = sums,
                       .sums_stride = tile.rows * width()});
      store(sums, tile, group, c);
    });
  });
}

}  // namespace rondo
