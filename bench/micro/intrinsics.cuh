/// Instructions that only measurements use.
#pragma once

#include <cstdint>

#include "cuda/device/cluster.cuh"
#include "cuda/device/words.h"

namespace rondo::bench {

/// Loads 16 bytes that other blocks may be writing: bypasses L1, without an order to other loads.
__device__ inline device::Words4 load_words(const device::Words4* source) {
  device::Words4 words;
  asm volatile("ld.relaxed.gpu.global.v4.b32 {%0,%1,%2,%3}, [%4];"
               : "=r"(words.words[0]), "=r"(words.words[1]), "=r"(words.words[2]), "=r"(words.words[3])
               : "l"(source)
               : "memory");
  return words;
}

__device__ inline void store_words(device::Words4* target, const device::Words4& words) {
  asm volatile("st.relaxed.gpu.global.v4.b32 [%0], {%1,%2,%3,%4};" ::"l"(target), "r"(words.words[0]),
               "r"(words.words[1]), "r"(words.words[2]), "r"(words.words[3])
               : "memory");
}

// The functions below need compute capability 9.0: they are called only under `if constexpr (device::kHasClusters)`.

/// The blocks whose writes a wait makes visible: all blocks of the cluster, which pushes need and which empties L1, or
/// this block alone.
enum class Acquire : std::uint8_t { cluster, block };

/// device::try_phase with a choice of what the wait makes visible.
template <Acquire kAcquire>
__device__ inline bool try_phase(device::PushBarrier* barrier, std::uint32_t parity) {
  if constexpr (kAcquire == Acquire::cluster) return device::try_phase(barrier, parity);
  std::uint32_t ended;
  asm volatile(
      "{\n\t.reg .pred ended;\n\t"
      "mbarrier.try_wait.parity.acquire.cta.shared::cta.b64 ended, [%1], %2;\n\t"
      "selp.u32 %0, 1, 0, ended;\n\t}"
      : "=r"(ended)
      : "r"(static_cast<std::uint32_t>(__cvta_generic_to_shared(barrier))), "r"(parity)
      : "memory");
  return ended != 0;
}

/// Copies `bytes`, a multiple of 16, from global memory to `target` in this block's shared memory; signals `barrier`.
__device__ inline void copy_bulk(device::Words4* target, const device::Words4* source, std::uint32_t bytes,
                                 device::PushBarrier* barrier) {
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                   static_cast<std::uint32_t>(__cvta_generic_to_shared(target))),
               "l"(__cvta_generic_to_global(source)), "r"(bytes),
               "r"(static_cast<std::uint32_t>(__cvta_generic_to_shared(barrier)))
               : "memory");
}

/// Copies `bytes` to the same place in each block of the cluster whose bit `peers` has; signals that block's barrier.
__device__ inline void copy_bulk_to(std::uint16_t peers, device::Words4* target, const device::Words4* source,
                                    std::uint32_t bytes, device::PushBarrier* barrier) {
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%0], [%1], %2, [%3], "
      "%4;" ::"r"(static_cast<std::uint32_t>(__cvta_generic_to_shared(target))),
      "l"(__cvta_generic_to_global(source)), "r"(bytes),
      "r"(static_cast<std::uint32_t>(__cvta_generic_to_shared(barrier))), "h"(peers)
      : "memory");
}

}  // namespace rondo::bench
