/// A product of rows with panels, for tests of its kernels.
#pragma once

#include <vector>

#include "cpu/fused/kernels.h"
#include "support/random.h"

namespace rondo::fused {

/// Random rows and panels of weights, all in f32.
struct ProductCase {
  std::int64_t K;
  int vectors;
  int lanes;
  std::vector<float> panels;  // four panels
  std::vector<float> start;
  std::vector<std::vector<float>> rows;
  std::vector<const float*> row_pointers;

  std::int64_t width() const { return static_cast<std::int64_t>(vectors) * lanes; }

  ProductCase(test::Random& random, std::int64_t its_k, int its_vectors, int its_lanes)
      : K(its_k), vectors(its_vectors), lanes(its_lanes), rows(kMostRows) {
    panels.resize(static_cast<std::size_t>(4 * K * width()));
    for (float& weight : panels) weight = static_cast<float>(random.uniform(-1, 1));
    start.resize(static_cast<std::size_t>(4 * width()));
    for (float& element : start) element = static_cast<float>(random.uniform(-1, 1));
    for (auto& row : rows) {
      row.resize(static_cast<std::size_t>(K));
      for (float& element : row) element = static_cast<float>(random.uniform(-1, 1));
      row_pointers.push_back(row.data());
    }
  }

  double exact(int panel, int row, std::int64_t column) const {
    double sum = static_cast<double>(start[static_cast<std::size_t>(panel * width() + column)]);
    for (std::int64_t k = 0; k < K; ++k) {
      const auto index = static_cast<std::size_t>((panel * K + k) * width() + column);
      sum += static_cast<double>(rows[static_cast<std::size_t>(row)][static_cast<std::size_t>(k)]) *
             static_cast<double>(panels[index]);
    }
    return sum;
  }

  /// A product that prefetches differently for each number of rows.
  PanelProduct product(int row_count, int panel_count, const void* weights, float* sums) const {
    return {.rows = row_pointers.data(),
            .row_count = row_count,
            .K = K,
            .panels = weights,
            .panel_stride = K * width(),
            .panel_count = panel_count,
            .prefetch = {.what = static_cast<Prefetch::What>(row_count % 3),
                         .begin = static_cast<const std::byte*>(weights),
                         .lines = 1 + row_count % 2},
            .start = start.data(),
            .sums = sums,
            .sums_stride = row_count * width()};
  }
};

}  // namespace rondo::fused
