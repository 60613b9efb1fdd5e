/// The checks with which the functions of rondo/ops/ops.h begin.
#pragma once

#include <string>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// An argument as its error message names it: "b of matmul".
struct Argument {
  const char* function;
  const char* name;
  const Tensor& tensor;

  std::string text() const { return std::string(name) + " of " + function; }
};

/// Throws `ValueError` for a tensor that is not `defined()`.
void check_defined(const Argument& argument);
/// Throws `ValueError` unless the argument is f64, f32, f16 or bf16.
void check_floating(const Argument& argument);
/// Throws `ValueError` for an argument that is not `defined()` or is boolean.
void check_number(const Argument& argument);
/// Throws `ValueError` unless the two arguments are on one device.
void check_same_device(const Argument& first, const Argument& second);
/// Throws `ValueError` unless the two arguments are on one device and have one dtype.
void check_agree(const Argument& first, const Argument& second);

/// `axis` counted from 0. Throws `ValueError` naming the function and the tensor if the tensor has no such axis.
int checked_axis(const Argument& argument, int axis);

}  // namespace rondo
