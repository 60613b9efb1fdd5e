/// The derivatives of activations over tensors, for the steps of recurrence/tensor_step.h.
#pragma once

#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/activation.h"

namespace rondo {

/// derivative_at_kept of each element. Floating. Throws `ValueError` as check_activation, and for another dtype.
Tensor activation_slope(const Activation& activation, const Tensor& kept);

}  // namespace rondo
