/// The exchange of a recurrence's step in a cluster: every block writes its part into the shared memory of all blocks.
#pragma once

#include <cstdint>

#include "cuda/device/cluster.cuh"
#include "cuda/device/collectives.cuh"
#include "micro/waiting.cuh"
#include "micro/workbench.h"

namespace rondo::bench {

inline constexpr unsigned kWordBytes = sizeof(device::Words4);
inline constexpr unsigned kMostPushedBytes = 1024;

struct ClusterExchange {
  const device::Words4* first;  ///< (blocks of the grid, words): each block's words before the first round
  device::Words4* last;         ///< (blocks of the grid, words): each block's words after the last round
  std::uint32_t* gave_up;
  unsigned words;  ///< how many words of 16 bytes a block writes to each block, itself included
  unsigned rounds;
};

/// In each round a block receives the parts of all blocks, and sends its neighbour's part in the next round. A round,
/// like a step, includes a barrier of the block. Round n + 2 uses the barrier and the buffer of round n; the block's
/// barrier ensures that by then no thread still waits in round n or reads its buffer.
template <unsigned kBlocks, Acquire kAcquire>
__global__ void __launch_bounds__(kMicroThreads, 1)
    cluster_exchange_kernel(const __grid_constant__ ClusterExchange exchange) {
  if constexpr (device::kHasClusters) {
    constexpr unsigned kMine = (kBlocks * (kMostPushedBytes / kWordBytes) + kMicroThreads - 1) / kMicroThreads;
    const unsigned thread = device::thread_index().x;
    const unsigned block = device::block_index().x;
    const unsigned rank = block % kBlocks;
    const unsigned words = exchange.words;
    auto* barriers = reinterpret_cast<device::PushBarrier*>(device::shared_memory());
    auto* received = reinterpret_cast<device::Words4*>(barriers + 2);
    if (thread == 0) {
      device::init_barrier(&barriers[0]);
      device::init_barrier(&barriers[1]);
    }
    device::cluster_barrier();
    Patience patience(exchange.gave_up);
    device::Words4 mine[kMine];
    const auto for_each_push = [&](const auto& body) {
      for (unsigned k = 0; k < kMine; ++k) {
        const unsigned item = thread + k * kMicroThreads;
        if (item < kBlocks * words) body(mine[k], item % kBlocks, item / kBlocks);
      }
    };
    for_each_push([&](device::Words4& held, unsigned, unsigned word) { held = exchange.first[block * words + word]; });
    for (unsigned round = 0; round < exchange.rounds; ++round) {
      device::PushBarrier* barrier = &barriers[round % 2];
      device::Words4* parts = received + round % 2 * kBlocks * words;
      if (thread == 0) device::expect_bytes(barrier, kBlocks * words * kWordBytes);
      for_each_push([&](const device::Words4& held, unsigned peer, unsigned word) {
        device::push(parts + rank * words + word, held, barrier, peer);
      });
      patience.wait_for_phase<kAcquire>(barrier, round / 2 % 2);
      for_each_push(
          [&](device::Words4& held, unsigned, unsigned word) { held = parts[(rank + 1) % kBlocks * words + word]; });
      device::block_barrier();
    }
    for_each_push([&](const device::Words4& held, unsigned peer, unsigned word) {
      if (peer == 0) exchange.last[block * words + word] = held;
    });
    device::cluster_barrier();  // no block exits while another may write into its memory
  }
}

template <unsigned kBlocks>
__global__ void __launch_bounds__(kMicroThreads) cluster_barrier_kernel(unsigned rounds) {
  if constexpr (device::kHasClusters) {
    for (unsigned round = 0; round < rounds; ++round) device::cluster_barrier();
  }
}

}  // namespace rondo::bench
