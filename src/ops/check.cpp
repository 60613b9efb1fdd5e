#include "ops/check.h"

#include "rondo/vocabulary/error.h"

namespace rondo {

void check_defined(const Argument& argument) {
  if (!argument.tensor.defined()) throw ValueError(argument.text(), "an empty tensor", "one with elements");
}

void check_floating(const Argument& argument) {
  check_defined(argument);
  if (!is_floating(argument.tensor.dtype())) {
    throw ValueError(argument.text(), describe(argument.tensor), "f64, f32, f16 or bf16 elements");
  }
}

void check_number(const Argument& argument) {
  check_defined(argument);
  if (argument.tensor.dtype() == DType::boolean || argument.tensor.dtype() == DType::u8) {
    throw ValueError(argument.text(), describe(argument.tensor), "elements that are numbers");
  }
}

void check_same_device(const Argument& first, const Argument& second) {
  check_defined(first);
  check_defined(second);
  if (first.tensor.device() != second.tensor.device()) {
    throw ValueError(second.text(), describe(second.tensor),
                     "the device of " + std::string(first.name) + ", " + describe(first.tensor));
  }
}

void check_agree(const Argument& first, const Argument& second) {
  check_same_device(first, second);
  if (first.tensor.dtype() != second.tensor.dtype()) {
    throw ValueError(second.text(), describe(second.tensor),
                     "the dtype of " + std::string(first.name) + ", " + describe(first.tensor));
  }
}

int checked_axis(const Argument& argument, int axis) {
  const int rank = argument.tensor.rank();
  if (axis < -rank || axis >= rank) {
    throw ValueError("axis of " + std::string(argument.function), std::to_string(axis),
                     "an axis of " + describe(argument.tensor));
  }
  return axis < 0 ? axis + rank : axis;
}

}  // namespace rondo
