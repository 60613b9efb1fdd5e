/// Blocks of a cluster write into each other's shared memory. Compute capability 9.0 or newer.
///
/// A block waits for bytes that other blocks push to it with a PushBarrier in its shared memory, phase after phase. In
/// each phase one of its threads says how many bytes the block expects, and the phase ends when all of them have
/// arrived. Bytes may arrive before that thread has said so. Pushed bytes are visible to every thread that has waited
/// for the phase.
#pragma once

#include <cstdint>

#include "cuda/device/thread.cuh"
#include "cuda/device/words.h"

namespace rondo::device {

/// Whether the code that is being compiled is for devices with clusters.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
inline constexpr bool kHasClusters = false;
#else
inline constexpr bool kHasClusters = true;
#endif

/// An mbarrier.
struct PushBarrier {
  std::uint64_t state;
};

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900

namespace detail {
__device__ inline std::uint32_t shared_address(const void* place) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(place));
}

/// The address of this place in the shared memory of another block of the cluster.
__device__ inline std::uint32_t address_in_peer(std::uint32_t address, unsigned peer) {
  std::uint32_t result;
  asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(result) : "r"(address), "r"(peer));
  return result;
}
}  // namespace detail

/// Waits until all threads of all blocks of the cluster have arrived. Their earlier writes are then visible to all.
__device__ inline void cluster_barrier() {
  asm volatile("barrier.cluster.arrive.release.aligned;\n\tbarrier.cluster.wait.acquire.aligned;" ::: "memory");
}

/// One thread calls this, before a cluster_barrier of all threads that use the barrier.
__device__ inline void init_barrier(PushBarrier* barrier) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(detail::shared_address(barrier)) : "memory");
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

/// One thread calls this once in each phase. The phase ends when `bytes` bytes have arrived.
__device__ inline void expect_bytes(PushBarrier* barrier, std::uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(detail::shared_address(barrier)),
               "r"(bytes)
               : "memory");
}

/// Whether the phase of this parity has ended: 0 for the first phase, 1 for the second, 0 again. The thread may sleep
/// here until the phase ends, for some microseconds at most. After true, the pushed bytes are visible, but no other
/// writes of the peers.
__device__ inline bool try_phase(PushBarrier* barrier, std::uint32_t parity) {
  constexpr std::uint32_t kSleepNanoseconds = 20'000;
  std::uint32_t ended;
  asm volatile(
      "{\n\t.reg .pred ended;\n\t"
      "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 ended, [%1], %2, %3;\n\t"
      "selp.u32 %0, 1, 0, ended;\n\t}"
      : "=r"(ended)
      : "r"(detail::shared_address(barrier)), "r"(parity), "r"(kSleepNanoseconds)
      : "memory");
  return ended != 0;
}

/// Writes 16 bytes to the shared memory of block `peer` of the cluster, at the offset that `place` has in this block,
/// and tells the barrier at the offset of `barrier`. `peer` may be the block itself.
__device__ inline void push(Words4* place, Words4 words, PushBarrier* barrier, unsigned peer) {
  const std::uint32_t target = detail::address_in_peer(detail::shared_address(place), peer);
  const std::uint32_t told = detail::address_in_peer(detail::shared_address(barrier), peer);
  asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%0], {%1,%2,%3,%4}, [%5];" ::"r"(target),
               "r"(words.words[0]), "r"(words.words[1]), "r"(words.words[2]), "r"(words.words[3]), "r"(told)
               : "memory");
}

#else

__device__ inline void cluster_barrier() {}
__device__ inline void init_barrier(PushBarrier*) {}
__device__ inline void expect_bytes(PushBarrier*, std::uint32_t) {}
__device__ inline bool try_phase(PushBarrier*, std::uint32_t) { return true; }
__device__ inline void push(Words4*, Words4, PushBarrier*, unsigned) {}

#endif

}  // namespace rondo::device
