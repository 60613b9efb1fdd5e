/// Checks of the inputs of an ONNX node.
#pragma once

#include <string>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// Throws `ValueError` naming the input unless `tensor` has this shape, and the dtype and the device of `like`.
void check_onnx_input(const std::string& name, const Tensor& tensor, const Shape& shape, const Tensor& like);

/// Throws `ValueError` unless `lengths` is i32 (B,) on `device`, and on the CPU also if a length is not in 0 .. T.
void check_onnx_lengths(const Tensor& lengths, std::int64_t T, std::int64_t B, Device device);

/// Whether a constant state is what a run begins with anyway: floats that are all zeros.
bool is_zero_state(const Tensor& state);

}  // namespace rondo
