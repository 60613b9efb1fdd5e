/// The checks that the functions of rondo/ops.h begin with.
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

/// Each throws `ValueError` unless ...
void check_defined(const Argument& argument);
/// ... it is f64, f32, f16 or bf16.
void check_floating(const Argument& argument);
/// ... it is anything but boolean.
void check_number(const Argument& argument);
/// ... both are on one device.
void check_same_device(const Argument& first, const Argument& second);
/// ... both are on one device and of one dtype.
void check_agree(const Argument& first, const Argument& second);

/// The axis counted from 0; the message names the function and the tensor.
int checked_axis(const Argument& argument, int axis);

}  // namespace rondo
