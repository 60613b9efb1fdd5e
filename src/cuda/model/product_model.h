/// A model of cuBLASLt's products and of cuda_stepwise. All steps are taken to multiply h: a run of one step goes on
/// from the states of another one, most of the time.
#pragma once

#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// The product of the inputs of all steps by cuBLASLt, in nanoseconds.
double input_product_ns(const RecurrenceSpec& spec, const DeviceProperties& properties);

/// What the model expects of cuda_stepwise, with the product of the inputs, in nanoseconds.
double stepwise_total_ns(const RecurrenceSpec& spec, const DeviceProperties& properties);

}  // namespace rondo
