/// The check of a request before it is queued.
#pragma once

#include <cstdint>

#include "rondo/tensor/tensor.h"
#include "serving/slot_pool.h"

namespace rondo {

/// The steps of a request as the batcher reads them: (steps, I), row-major. Copies only where x is not row-major.
/// Throws `ValueError` unless x is (steps, I) with a step at least, of the pool's dtype, on the CPU, and, with
/// `refuse_nan`, of finite numbers.
Tensor checked_steps(const Tensor& x, const SlotPoolSizes& sizes, bool refuse_nan);

}  // namespace rondo
