/// The host's version of src/cuda/device/cluster.cuh; simt/push_barrier.h says which uses it refuses.
///
/// Pushed bytes arrive at once. A push releases all earlier writes of its thread; the hardware guarantees only the 16
/// bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/device/thread.cuh"
#include "cuda/device/words.h"
#include "device/simt/push_barrier.h"

namespace rondo::device {

inline constexpr bool kHasClusters = true;

struct PushBarrier {
  std::uint64_t state;
};

inline void cluster_barrier() { test::simt::cluster_barrier(); }

inline void init_barrier(PushBarrier* barrier) { barrier->state = test::simt::first_push_phase(barrier->state); }

inline void expect_bytes(PushBarrier* barrier, std::uint32_t bytes) {
  test::simt::expect_pushed_bytes(barrier->state, bytes);
}

inline bool try_phase(PushBarrier* barrier, std::uint32_t parity) {
  return test::simt::try_push_phase(barrier->state, parity);
}

/// The address in the shared memory of block `peer` that corresponds to `place` in this block.
template <typename Value>
Value* in_peer(Value* place, unsigned peer) {
  std::byte* own = test::simt::shared_memory();
  return reinterpret_cast<Value*>(test::simt::shared_memory_of(peer) + (reinterpret_cast<std::byte*>(place) - own));
}

/// Where a push was lost, a block that has given up its wait still multiplies what it has, and discards the product.
/// Later pushes may arrive meanwhile. ThreadSanitizer therefore does not see them.
__attribute__((noinline, no_sanitize("thread"))) inline void write_unseen(Words4* place, Words4 words) {
  *place = words;
}

inline void push(Words4* place, Words4 words, PushBarrier* barrier, unsigned peer) {
  test::simt::interleave();
  if (test::simt::loses_push()) return;
  if (test::simt::push_was_lost()) {
    write_unseen(in_peer(place, peer), words);
  } else {
    *in_peer(place, peer) = words;
  }
  test::simt::count_pushed_bytes(in_peer(barrier, peer)->state, sizeof words);
}

}  // namespace rondo::device
