/// A model of what a run takes besides its steps, and of cuda_stepwise. All steps are taken to multiply h: a run of one
/// step goes on from the states of another one, most of the time. Floor 4.
#pragma once

#include "cuda/persistent/shape/block_layout.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// Once for a run of a persistent kernel: the launch, weights into registers and shared memory, in each of so many
/// rounds of its teams, and what is read before the first step and written after the last. In nanoseconds.
double start_ns(const PersistentShape& shape, const BlockBytes& bytes, double rounds);

/// The product of the inputs of all steps by cuBLASLt, in nanoseconds.
double input_product_ns(const RecurrenceSpec& spec, const DeviceProperties& properties);

/// What the model expects of cuda_stepwise, with the product of the inputs, in nanoseconds.
double stepwise_total_ns(const RecurrenceSpec& spec, const DeviceProperties& properties);

}  // namespace rondo
