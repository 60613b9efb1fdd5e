/// Checks of TensorFlow 1's weights, and their conversion to Keras's layout.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "layers/tf1/v1_sequence.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/tf1/v1_cells.h"

namespace rondo::v1 {

/// Views of the two parts of a kernel [input; state].
struct SplitKernel {
  Tensor input;      // (I, columns)
  Tensor recurrent;  // (state_units, columns)
};

/// Splits `kernel`. Throws `ValueError` unless it is floating and (I + state_units, columns) with at least one input.
SplitKernel split_kernel(const std::string& name, const Tensor& kernel, std::int64_t state_units, std::int64_t columns);

/// Throws `ValueError` unless `weight` has this shape, and the dtype and device of `kernel`.
void check_beside_kernel(const std::string& name, const Tensor& weight, const Shape& expected, const Tensor& kernel);

/// Throws `ValueError` for less than one unit.
void check_units(const std::string& name, std::int64_t units);

RecurrentWeights keras_weights(const BasicRNNWeights& weights, std::int64_t units);

/// Puts the gates r u and the candidate into Keras's order z r h, where z is u.
RecurrentWeights keras_weights(const GRUWeights& weights, std::int64_t units);

/// Puts the gates i j f o into Keras's order i f c o, where c is j.
RecurrentWeights keras_weights(const SplitKernel& kernel, const Tensor& bias);

/// The gradients of a cell's weights in Keras's layout as those of the weights that the cell was made of: TensorFlow
/// 1's variables, in the order in which the struct of the cell's weights has them. A KnownCell has Keras's weights.
std::vector<Tensor> variable_gradients(const SequenceCell& cell, const std::vector<Tensor>& keras);

}  // namespace rondo::v1
