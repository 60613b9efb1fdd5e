/// The product of the inputs of all steps, on the CPU.
#pragma once

#include "recurrence/buffers.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

struct InputProduct {
  const RecurrenceSpec& spec;
  const SequenceBuffer& x;  ///< f32
  const float* kernel;      ///< (I, G H)
};

/// Computes sums = x W for all steps and rows: T B G H floats, time-major or batch-major as x is in memory. Returns the
/// strides of `sums`.
TimeBatchStrides multiply_inputs(const InputProduct& product, float* sums);

}  // namespace rondo
