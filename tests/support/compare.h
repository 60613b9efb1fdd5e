/// The comparison of tensors for all tests: by coordinate, relative to the largest expected value.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "rondo/tensor/tensor.h"

namespace rondo::test {

/// Describes the first element of `actual` that differs from `expected` by more than `tolerance` times the largest
/// finite magnitude in `expected`; empty when no element does. NaN equals NaN, an infinity equals itself, and different
/// shapes always differ.
std::string first_difference(const Tensor& actual, const Tensor& expected, double tolerance);

/// The largest finite magnitude in a tensor.
double largest_magnitude(const Tensor& tensor);

::testing::AssertionResult close(const Tensor& actual, const Tensor& expected, double tolerance);

/// Whether all elements of `actual` are within the absolute `bound` of the elements of `expected`.
::testing::AssertionResult within(const Tensor& actual, const Tensor& expected, double bound);

/// Whether tensors are equal bit for bit: shape, dtype and bytes.
::testing::AssertionResult identical(const Tensor& actual, const Tensor& expected);

}  // namespace rondo::test
