// The kernels of rondo_micro that exchange, on the simulated device: every word arrives where it should, under every
// schedule, and a wait for a word that never arrives ends. Times are not tested.

#include <gtest/gtest.h>

#include <vector>

#include "cuda/device/launch.cuh"
#include "device/simt/heap_block.h"
#include "micro/cluster_exchange.cuh"
#include "micro/grid_exchange.cuh"

namespace rondo::bench {
namespace {

namespace simt = test::simt;
using test::HeapBlock;

constexpr std::uint64_t kSchedules = 3;

void fill(HeapBlock<device::Words4>& block) {
  std::uint32_t next = 1;
  for (std::size_t i = 0; i < block.elements().size(); ++i) {
    for (std::uint32_t& word : block[i].words) word = next++ * 2654435761U;
  }
}

/// Each round moves a block's words to its neighbour in the cluster.
template <unsigned kBlocks>
void expect_turned(unsigned words, unsigned rounds) {
  constexpr unsigned kClusters = kBlocks > 8 ? 1 : 2;  // ThreadSanitizer cannot watch more threads
  HeapBlock<device::Words4> first(kClusters * kBlocks * words);
  fill(first);
  const HeapBlock<device::Words4> last(first.elements().size());
  const HeapBlock<std::uint32_t> gave_up(1);
  gave_up[0] = 0;
  const auto kernel = cluster_exchange_kernel<kBlocks, Acquire::cluster>;
  const std::size_t bytes = 2 * sizeof(device::PushBarrier) + 2 * kBlocks * words * sizeof(device::Words4);
  const device::LaunchConfig config{
      .grid = {kClusters * kBlocks}, .block = {kMicroThreads}, .shared_bytes = bytes, .cluster_blocks = kBlocks};
  device::prepare(kernel, config);
  device::launch(kernel, config, ClusterExchange{first.data(), last.data(), gave_up.data(), words, rounds});
  EXPECT_EQ(gave_up[0], 0U);
  for (unsigned block = 0; block < kClusters * kBlocks; ++block) {
    const unsigned source = block / kBlocks * kBlocks + (block + rounds) % kBlocks;
    for (unsigned word = 0; word < words; ++word) {
      for (unsigned k = 0; k < 4; ++k) {
        ASSERT_EQ(last[block * words + word].words[k], first[source * words + word].words[k]) << block << " " << word;
      }
    }
  }
}

TEST(MicroKernels, ABlockOfAClusterGetsTheWordsOfAll) {
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    const simt::ShuffledSchedule schedule(seed);
    expect_turned<2>(1, 1);
    expect_turned<2>(1, 30);
    expect_turned<2>(64, 7);
    expect_turned<8>(5, 6);
    expect_turned<16>(64, 3);
  }
}

/// Each round moves the payload by the part of one block. Returns whether a thread gave up.
template <typename Exchange, Fence kFence = Fence::none, Poll kPoll = Poll::missing>
bool exchange_in_grid(unsigned blocks, unsigned expected_blocks, unsigned rounds, std::uint32_t* last) {
  constexpr std::size_t kPayload = Exchange::kItems * sizeof(typename Exchange::Item);
  HeapBlock<device::Words4> first(kPayload / sizeof(device::Words4));
  fill(first);
  const HeapBlock<device::Words4> buffers(kExchangeBuffers * first.elements().size());
  for (std::size_t i = 0; i < buffers.elements().size(); ++i) buffers[i] = {};
  const HeapBlock<std::uint32_t> gave_up(1);
  gave_up[0] = 0;
  const auto kernel = grid_exchange_kernel<Exchange, kFence, kPoll>;
  const device::LaunchConfig config{
      .grid = {blocks}, .block = {kMicroThreads}, .shared_bytes = 2 * kPayload, .cooperative = true};
  device::prepare(kernel, config);
  device::launch(kernel, config,
                 GridExchange{.first = &first.data()->words[0],
                              .last = last,
                              .buffers = reinterpret_cast<std::byte*>(buffers.data()),
                              .gave_up = gave_up.data(),
                              .blocks = expected_blocks,
                              .rounds = rounds});
  return gave_up[0] != 0;
}

template <typename Exchange, Fence kFence = Fence::none, Poll kPoll = Poll::missing>
void expect_moved(unsigned blocks, unsigned rounds) {
  constexpr std::size_t kWords = Exchange::kItems * sizeof(typename Exchange::Item) / sizeof(std::uint32_t);
  HeapBlock<device::Words4> first(kWords / 4);
  fill(first);
  const HeapBlock<std::uint32_t> last(kWords);
  ASSERT_FALSE((exchange_in_grid<Exchange, kFence, kPoll>(blocks, blocks, rounds, last.data())));
  for (std::size_t i = 0; i < kWords; ++i) {
    const std::size_t source = (i + rounds * kWords / blocks) % kWords;
    ASSERT_EQ(last[i], first[source / 4].words[source % 4] | 1U) << i;
  }
}

TEST(MicroKernels, ABlockOfAGridGetsThePayloadOfAll) {
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    const simt::ShuffledSchedule schedule(seed);
    expect_moved<Packets<2048>>(2, 1);
    expect_moved<Packets<8192>>(4, 7);
    expect_moved<Sentinels<2048>>(8, 9);  // values repeat after 8 rounds, so words that are 4 rounds old show
    expect_moved<Sentinels<8192>>(8, 6);
    expect_moved<WidePackets<1536>>(2, 5);
    expect_moved<WidePackets<6144>>(4, 6);
  }
}

TEST(MicroKernels, FencesAndWaysToPollChangeNothingOfAnExchange) {
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    const simt::ShuffledSchedule schedule(seed);
    expect_moved<Packets<4096>, Fence::after_write>(4, 3);
    expect_moved<Packets<4096>, Fence::after_read>(4, 3);
    expect_moved<Packets<4096>, Fence::none, Poll::missing_strided>(4, 5);
    expect_moved<Packets<4096>, Fence::none, Poll::all>(4, 5);
  }
}

TEST(MicroKernels, AWordThatNeverArrivesIsGivenUp) {
  const HeapBlock<std::uint32_t> last(2048 / sizeof(std::uint32_t));
  EXPECT_TRUE(exchange_in_grid<Packets<2048>>(2, 4, 3, last.data()));
  EXPECT_TRUE(exchange_in_grid<Sentinels<2048>>(2, 4, 3, last.data()));
  EXPECT_TRUE(exchange_in_grid<WidePackets<1536>>(2, 4, 3, last.data()));
  EXPECT_TRUE((exchange_in_grid<Packets<2048>, Fence::none, Poll::all>(2, 4, 3, last.data())));
}

}  // namespace
}  // namespace rondo::bench
