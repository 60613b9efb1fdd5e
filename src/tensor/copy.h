/// Elementwise copies and fills, the only computation that Tensor needs. One file per device implements them.
#pragma once

#include "rondo/tensor/tensor.h"

namespace rondo {

/// Writes the elements of `source`, converted to the dtype of `target`, into `target`. The tensors have equal shapes,
/// and may have any strides and devices.
void copy_elements(const Tensor& source, const Tensor& target);

/// Throws `ValueError` naming the argument unless `data` is memory that `device` may use. The CPU may use any memory.
void check_device_memory(const std::string& name, const void* data, Device device);

/// Writes `value`, converted, into every element of `target`.
void fill_elements(const Tensor& target, double value);

}  // namespace rondo
