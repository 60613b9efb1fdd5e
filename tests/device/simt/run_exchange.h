/// Runs the kernels of exchange_kernels.h, and tells whether every block had the right vector after the last step.
#pragma once

#include <algorithm>
#include <vector>

#include "cuda/device/launch.cuh"
#include "device/simt/exchange_kernels.h"
#include "device/simt/heap_block.h"

namespace rondo::test {

/// Fills the words of several vectors that follow one another.
inline void fill_words(const HeapBlock<device::Words4>& vectors) {
  std::uint32_t next = 7;
  for (device::Words4& words : vectors.elements()) {
    for (std::uint32_t& word : words.words) word = next = next * 1664525 + 1013904223;
  }
}

/// Whether every copy of the vector in `results` is the result of `steps` steps from `words`.
inline bool right_after(std::span<const device::Words4> words, int steps, std::span<const device::Words4> results) {
  std::vector<device::Words4> expected(words.begin(), words.end());
  for (int step = 0; step < steps; ++step) {
    const std::vector<device::Words4> before = expected;
    for (unsigned i = 0; i < kExchangeCount; ++i) expected[i] = next_words(i, [&](unsigned k) { return before[k]; });
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!std::ranges::equal(results[i].words, expected[i % kExchangeCount].words)) return false;
  }
  return true;
}

/// Runs the push kernel. The function sets the pointers of `arguments`.
inline bool push_exchange_is_right(PushArguments arguments) {
  constexpr unsigned kClusters = 2;
  constexpr std::size_t kClusterResults = std::size_t{kExchangeBlocks} * kExchangeCount;
  const HeapBlock<device::Words4> words(kClusters * kExchangeCount);
  const HeapBlock<device::Words4> results(kClusters * kClusterResults);
  fill_words(words);
  arguments.words = words.data();
  arguments.results = results.data();
  device::launch(push_kernel,
                 {.grid = {kClusters * kExchangeBlocks},
                  .block = {kExchangeThreads},
                  .shared_bytes = sizeof(PushShared),
                  .cluster_blocks = kExchangeBlocks},
                 arguments);
  const auto all_words = std::span<const device::Words4>(words.elements());
  const auto all_results = std::span<const device::Words4>(results.elements());
  for (unsigned cluster = 0; cluster < kClusters; ++cluster) {
    if (!right_after(all_words.subspan(cluster * kExchangeCount, kExchangeCount), arguments.steps,
                     all_results.subspan(cluster * kClusterResults, kClusterResults))) {
      return false;
    }
  }
  return true;
}

/// Runs the packet kernel. The function sets the pointers of `arguments`.
inline bool packet_exchange_is_right(PacketArguments arguments) {
  const HeapBlock<device::Words4> words(kExchangeCount);
  const HeapBlock<device::Words4> results(kExchangeBlocks * kExchangeCount);
  const HeapBlock<device::PacketPair> pairs(2 * 2 * kExchangeCount);
  fill_words(words);
  arguments.words = words.data();
  arguments.results = results.data();
  arguments.pairs = pairs.data();
  device::launch(packet_kernel, {.grid = {kExchangeBlocks}, .block = {kExchangeThreads}, .cooperative = true},
                 arguments);
  return right_after(words.elements(), arguments.steps, results.elements());
}

}  // namespace rondo::test
