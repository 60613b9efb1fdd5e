/// Kernels that begin before the one before them has ended (LaunchOrder::overlapping).
#pragma once

namespace rondo::device {

/// Returns when the kernel before this one in the stream has ended and its writes are visible. Before this call, a
/// kernel may read only data that is older than that kernel, and write nothing. Returns at once in a kernel that was
/// launched serially.
__device__ inline void wait_for_previous_kernel() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

}  // namespace rondo::device
