/// The check of a request before it is queued.
#pragma once

#include <cstdint>

#include "rondo/serving/stream_batcher.h"
#include "rondo/tensor/tensor.h"
#include "serving/slot_pool.h"

namespace rondo {

/// The steps of a request as the batcher reads them: (steps, I), row-major. Copies only where x is not row-major.
/// Throws `ValueError` unless x is (steps, I) with a step at least, of the pool's dtype, on the CPU, and, with
/// `refuse_nan`, of finite numbers. A request that ends its stream may have no steps, and no x.
Tensor checked_steps(const StreamRequest& request, const SlotPoolSizes& sizes, bool refuse_nan);

}  // namespace rondo
