/// Elementwise copies, the only thing floor 1 computes; one file per device implements them.
#pragma once

#include "rondo/tensor.h"

namespace rondo {

/// Writes the elements of `source`, converted to the dtype of `target`, into `target`; both have the same shape and may
/// have any strides and devices.
void copy_elements(const Tensor& source, const Tensor& target);

/// Writes `value`, converted, into every element of `target`.
void fill_elements(const Tensor& target, double value);

}  // namespace rondo
