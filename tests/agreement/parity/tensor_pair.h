/// One tensor twice, on the CPU and on the device under test, with the same strides; and comparison of what calls make
/// of the two.
#pragma once

#include <gtest/gtest.h>

#include "rondo/tensor/tensor.h"
#include "support/random.h"

namespace rondo::test {

struct TensorPair {
  Tensor host;
  Tensor device;
};

/// What the elements are drawn from.
enum class Elements {
  ordinary,   ///< floats in [-4, 4], integers in [-100, 100]
  positive,   ///< floats in [0.5, 4]
  hazardous,  ///< also NaN, infinities, both zeros, subnormals, ties of rounding, integers near their limits
};

/// Sizes of 0 (rarely) to `largest`; at most `most_elements` in all.
Shape random_shape(Random& random, int rank, std::int64_t largest, std::int64_t most_elements = 2000);

/// A shape that broadcasts to `shape`: axes of size 1 here and there, and leading ones left out.
Shape random_broadcastable(Random& random, const Shape& shape);

/// Row-major on both.
TensorPair random_pair(Random& random, const Shape& shape, DType dtype, Elements elements);

/// The same of strides drawn at random: axes in another order, backwards, with gaps, and repeated by a stride of 0.
TensorPair random_view(Random& random, const Shape& shape, DType dtype, Elements elements);

/// Bit for bit the same, whatever a NaN carries.
::testing::AssertionResult same(const Tensor& on_device, const Tensor& on_host);

/// |on_device - on_host| <= spacings * epsilon of the dtype * max(|on_host|, least). NaN equals NaN.
struct Nearness {
  double spacings = 0;
  double least = 0;
};
::testing::AssertionResult near_to(const Tensor& on_device, const Tensor& on_host, Nearness nearness);

/// The distance of 1 to the next number of a floating dtype.
double epsilon_of(DType dtype);

}  // namespace rondo::test
