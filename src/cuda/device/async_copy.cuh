/// Copies from global to shared memory that a thread starts now and waits for later.
#pragma once

#include <cstdint>

#include "cuda/device/words.h"

namespace rondo::device {

/// The copies of one thread, in groups. The groups of all objects of this class are one sequence, so that one object
/// may wait for copies that another one has started. After the wait the copied bytes are visible to this thread alone.
class AsyncCopies {
 public:
  /// Starts a copy past the L1 cache, as part of the next group.
  __device__ void copy(Words4* target, const Words4* source) {
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(target));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address), "l"(source) : "memory");
  }

  /// Starts a copy of one word through the L1 cache, as part of the next group.
  __device__ void copy(std::uint32_t* target, const std::uint32_t* source) {
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(target));
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(address), "l"(source) : "memory");
  }

  /// Ends a group, which may be empty.
  __device__ void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

  /// Returns when all groups but the last kPending are complete.
  template <int kPending>
  __device__ void wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
  }
};

}  // namespace rondo::device
