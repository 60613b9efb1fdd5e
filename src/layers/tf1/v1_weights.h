/// TensorFlow 1's weights, checked, and turned into Keras's layout.
#pragma once

#include <cstdint>
#include <string>

#include "rondo/recurrence/recurrence.h"
#include "rondo/tf1/v1_cells.h"

namespace rondo::v1 {

/// The two parts of a kernel [input; state], as views.
struct SplitKernel {
  Tensor input;      // (I, columns)
  Tensor recurrent;  // (state_units, columns)
};

/// Throws `ValueError` unless `kernel` is floating, (I + state_units, columns) with at least one input.
SplitKernel split_kernel(const std::string& name, const Tensor& kernel, std::int64_t state_units, std::int64_t columns);

/// Throws `ValueError` unless `weight` has this shape, and the dtype and device of `kernel`.
void check_beside_kernel(const std::string& name, const Tensor& weight, const Shape& expected, const Tensor& kernel);

/// Throws `ValueError` for less than one unit.
void check_units(const std::string& name, std::int64_t units);

RecurrentWeights keras_weights(const BasicRNNWeights& weights, std::int64_t units);

/// r u and the candidate become z r h, where z is u.
RecurrentWeights keras_weights(const GRUWeights& weights, std::int64_t units);

/// i j f o become i f c o, where c is j. The bias (4 H) has forget_bias in it already.
RecurrentWeights keras_weights(const SplitKernel& kernel, const Tensor& bias);

}  // namespace rondo::v1
