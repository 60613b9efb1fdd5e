/// The host's version of src/cuda/device/prefetch.cuh, which reads a byte, so that AddressSanitizer sees an invalid
/// address.
#pragma once

#include "cuda/device/thread.cuh"

namespace rondo::device {

inline void prefetch_to_l2(const void* address) { (void)*static_cast<const volatile char*>(address); }

}  // namespace rondo::device
