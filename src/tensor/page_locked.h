/// Tensors in page-locked memory of the host.
#pragma once

#include "rondo/tensor/tensor.h"

namespace rondo {

/// Unwritten bytes in page-locked memory of the host, for copies to and from a CUDA device. The memory is freed in the
/// order of the stream of `device` that is current now, as that of a tensor on the device is. Freed memory is kept for
/// later tensors, because it takes long to lock pages.
Tensor page_locked_bytes(std::int64_t bytes, Device device);

}  // namespace rondo
