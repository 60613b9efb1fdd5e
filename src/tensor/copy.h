/// Elementwise copies, the only thing floor 1 computes; one file per device implements them.
#pragma once

#include "rondo/tensor/tensor.h"

namespace rondo {

/// Writes the elements of `source`, converted to the dtype of `target`, into `target`; both have the same shape and may
/// have any strides and devices.
void copy_elements(const Tensor& source, const Tensor& target);

/// Throws `ValueError` naming the argument unless `data` is memory that `device` may use; looks at CUDA devices only.
void check_device_memory(const std::string& name, const void* data, Device device);

/// Writes `value`, converted, into every element of `target`.
void fill_elements(const Tensor& target, double value);

}  // namespace rondo
