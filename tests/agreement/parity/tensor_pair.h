/// A tensor on the CPU, a copy with its strides on the device under test, and comparisons of results of the two.
#pragma once

#include <gtest/gtest.h>

#include "rondo/tensor/tensor.h"
#include "support/random.h"

namespace rondo::test {

struct TensorPair {
  Tensor host;
  Tensor device;
};

/// The distribution of random elements.
enum class Elements {
  ordinary,   ///< floats in [-4, 4], integers in [-100, 100]
  positive,   ///< floats in [0.5, 4]
  hazardous,  ///< also NaN, infinities, both zeros, subnormals, ties of rounding, integers near their limits
};

/// A shape with sizes of 0 (rarely) to `largest`, and at most `most_elements` elements.
Shape random_shape(Random& random, int rank, std::int64_t largest, std::int64_t most_elements = 2000);

/// A shape that broadcasts to `shape`: axes of size 1 here and there, and leading axes left out.
Shape random_broadcastable(Random& random, const Shape& shape);

/// A random pair in row-major order.
TensorPair random_pair(Random& random, const Shape& shape, DType dtype, Elements elements);

/// A random pair with random strides: axes in another order, backwards, with gaps, and repeated by a stride of 0.
TensorPair random_view(Random& random, const Shape& shape, DType dtype, Elements elements);

/// Whether the elements are equal bit for bit, except for the payloads of NaNs.
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
