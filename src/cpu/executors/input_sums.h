/// The product of the inputs of all steps, on the CPU.
#pragma once

#include "recurrence/buffers.h"

namespace rondo {

struct InputProduct {
  const RecurrenceSpec& spec;
  const SequenceBuffer& x;  ///< f32
  const float* kernel;      ///< (I, G H)
};

/// sums = x W over all steps and rows, T B G H floats, in the order that x has in memory. Returns where each step and
/// row of them is.
TimeBatchStrides multiply_inputs(const InputProduct& product, float* sums);

}  // namespace rondo
