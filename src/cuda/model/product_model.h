/// A model of cuBLASLt's products and of cuda_stepwise. The model assumes that every step multiplies h, because a run
/// of one step usually continues with the states of an earlier run.
#pragma once

#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// The product of the inputs of all steps by cuBLASLt, in nanoseconds.
double input_product_ns(const RecurrenceSpec& spec, const DeviceProperties& properties);

/// What the model expects of the steps of cuda_stepwise alone, forward or backward, in nanoseconds.
double stepwise_steps_ns(const RecurrenceSpec& spec, const DeviceProperties& properties);

/// What the model expects of cuda_stepwise, with the product of the inputs, in nanoseconds.
double stepwise_total_ns(const RecurrenceSpec& spec, const DeviceProperties& properties);

}  // namespace rondo
