/// Prefetches of bytes that a kernel needs later.
#pragma once

namespace rondo::device {

/// Brings the line at `address` to the L2 cache, without waiting for it.
__device__ inline void prefetch_to_l2(const void* address) { asm volatile("prefetch.global.L2 [%0];" ::"l"(address)); }

}  // namespace rondo::device
