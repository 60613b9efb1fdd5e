/// Shared by the tests of ops: tensors of every dtype and layout, and comparison with references in double.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "rondo/ops/ops.h"

namespace rondo {

/// A dtype and its tolerance: |actual - expected| <= tolerance * (1 + |expected|).
struct DTypeCase {
  DType dtype;
  double tolerance;
};

inline const std::vector<DTypeCase> kFloats{
    {DType::f64, 1e-13}, {DType::f32, 2e-6}, {DType::f16, 1e-3}, {DType::bf16, 8e-3}};
inline const std::vector<DTypeCase> kIntegers{{DType::i32, 0}, {DType::i64, 0}};

inline std::vector<DTypeCase> numbers() {
  std::vector<DTypeCase> all = kFloats;
  all.insert(all.end(), kIntegers.begin(), kIntegers.end());
  return all;
}

/// A tensor of numbers from -4 to 4 that the dtype can hold.
inline Tensor random_tensor(const Shape& shape, DType dtype, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<double> elements(static_cast<std::size_t>(shape.numel()));
  for (double& element : elements) element = (static_cast<double>(generator() % 80001) - 40000.0) / 10000.0;
  return Tensor::from(elements, shape).to(dtype);
}

inline std::vector<double> elements_of(const Tensor& x) { return x.to(DType::f64).to_vector<double>(); }

struct Layout {
  std::string name;
  Tensor tensor;
};

/// The elements of `x` in memory of several layouts: without gaps, transposed, backwards, with gaps.
inline std::vector<Layout> layouts_of(const Tensor& x) {
  std::vector<Layout> layouts{{"contiguous", x.clone()}};
  if (x.rank() == 0) return layouts;
  std::vector<int> reversed;
  for (int axis = x.rank() - 1; axis >= 0; --axis) reversed.push_back(axis);
  layouts.push_back({"transposed", x.transpose(reversed).clone().transpose(reversed)});
  const std::int64_t size = x.size(-1);
  const auto flip = [&](const Tensor& t) { return t.slice(-1, size - 1, -1, -1); };
  layouts.push_back({"backwards", flip(flip(x).clone())});
  Shape wide = x.shape();
  wide[-1] = 2 * size;
  const Tensor gaps = Tensor::full(wide, 77, x.dtype()).slice(-1, 0, 2 * size, 2);
  gaps.copy_from(x);
  layouts.push_back({"with gaps", gaps});
  return layouts;
}

/// Element `index`, in the row-major numbering of `shape`, of a tensor that broadcasts to `shape`.
inline double broadcast_element(const std::vector<double>& elements, const Shape& own, const Shape& shape,
                                std::int64_t index) {
  std::int64_t position = 0;
  std::int64_t step = 1;
  for (int axis = 1; axis <= shape.rank(); ++axis) {
    const std::int64_t coordinate = index % shape[-axis];
    index /= shape[-axis];
    if (axis > own.rank()) continue;
    if (own[-axis] != 1) position += coordinate * step;
    step *= own[-axis];
  }
  return elements[static_cast<std::size_t>(position)];
}

inline void expect_close(const Tensor& actual, const Shape& shape, const std::vector<double>& expected,
                         double tolerance) {
  ASSERT_EQ(to_string(actual.shape()), to_string(shape));
  EXPECT_TRUE(actual.is_contiguous());
  const std::vector<double> elements = elements_of(actual);
  ASSERT_EQ(elements.size(), expected.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (std::isnan(expected[i]) || std::isinf(expected[i])) {
      EXPECT_TRUE(elements[i] == expected[i] || (std::isnan(elements[i]) && std::isnan(expected[i])))
          << "element " << i << ": " << elements[i] << " instead of " << expected[i];
    } else {
      EXPECT_LE(std::abs(elements[i] - expected[i]), tolerance * (1 + std::abs(expected[i])))
          << "element " << i << ": " << elements[i] << " instead of " << expected[i];
    }
  }
}

}  // namespace rondo
