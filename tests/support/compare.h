/// One comparison for all tests: by coordinate, relative to the largest expected value.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "rondo/tensor/tensor.h"

namespace rondo::test {

/// The first element of `actual` that differs from `expected` by more than `tolerance` times the largest finite
/// magnitude in `expected`, in words; empty when there is none. NaN equals NaN, an infinity itself, and a shape another
/// shape never.
std::string first_difference(const Tensor& actual, const Tensor& expected, double tolerance);

/// The largest finite magnitude in a tensor.
double largest_magnitude(const Tensor& tensor);

::testing::AssertionResult close(const Tensor& actual, const Tensor& expected, double tolerance);

/// The same with an absolute bound.
::testing::AssertionResult within(const Tensor& actual, const Tensor& expected, double bound);

/// Bit for bit equal: same shape, dtype and bytes.
::testing::AssertionResult identical(const Tensor& actual, const Tensor& expected);

}  // namespace rondo::test
