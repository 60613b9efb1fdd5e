// Runs a faulty kernel, or its right twin, under a number of shuffled schedules, and prints whether a schedule gave
// wrong numbers or was refused. Sanitizers print their findings besides. The tests in CMakeLists.txt read the
// output.

#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "cuda/device/launch.cuh"
#include "device/simt/heap_block.h"
#include "device/simt/run_exchange.h"
#include "device/simt/self_test_kernels.h"

namespace rondo::test {
namespace {

constexpr std::uint64_t kSchedules = 20;

void count_up(const HeapBlock<float>& values) {
  float next = 0.0F;
  for (float& value : values.elements()) value = next++;
}

template <bool kBlockBarrier>
bool reverse() {
  HeapBlock<float> values(kThreads);
  count_up(values);
  device::launch(reverse_kernel<kBlockBarrier>, {.block = {kThreads}, .shared_bytes = values.bytes()}, values.data());
  for (std::int64_t i = 0; i < kThreads; ++i) {
    if (values[i] != static_cast<float>(kThreads - 1 - i)) return false;
  }
  return true;
}

template <bool kGridBarrier>
bool neighbour_sums() {
  constexpr std::int64_t kCount = kBlocks * kThreads;
  HeapBlock<float> values(2 * kCount);
  count_up(values);
  device::launch(neighbour_sum_kernel<kGridBarrier>, {.grid = {kBlocks}, .block = {kThreads}, .cooperative = true},
                 values.data(), 2);
  for (std::int64_t i = 0; i < kCount; ++i) {  // 1 2 1 times the three values from i on
    const std::int64_t expected = i + 2 * ((i + 1) % kCount) + (i + 2) % kCount;
    if (values[i] != static_cast<float>(expected)) return false;
  }
  return true;
}

template <PushFault kFault>
bool push() {
  return push_exchange_is_right({.steps = 3, .fault = kFault});
}

bool too_few_bytes() { return push_exchange_is_right({.steps = 3, .too_many_bytes = 0U - 16U}); }

template <PacketFault kFault>
bool packets() {
  return packet_exchange_is_right({.steps = 3, .fault = kFault});
}

bool shuffle_for_barrier() {
  constexpr unsigned kLanes = 32;
  HeapBlock<float> values(kLanes);
  count_up(values);
  device::launch(shuffle_for_barrier_kernel, {.block = {kLanes}, .shared_bytes = values.bytes()}, values.data());
  return true;
}

bool beyond_peer_memory() {
  device::launch(beyond_peer_memory_kernel, {.grid = {2}, .shared_bytes = 32, .cluster_blocks = 2});
  return true;
}

bool beyond_shared_memory() {
  HeapBlock<float> values(1);
  device::launch(beyond_shared_memory_kernel, {.block = {2}, .shared_bytes = 2 * sizeof(float)}, values.data());
  return true;
}

bool beyond_global_memory() {
  HeapBlock<float> values(3);
  device::launch(beyond_global_memory_kernel, {}, values.data(), 3U);
  return true;
}

int run(const std::string& name) {
  const std::map<std::string, std::function<bool()>> kernels = {{"block_barrier", reverse<true>},
                                                                {"no_block_barrier", reverse<false>},
                                                                {"grid_barrier", neighbour_sums<true>},
                                                                {"no_grid_barrier", neighbour_sums<false>},
                                                                {"shuffle_for_barrier", shuffle_for_barrier},
                                                                {"push", push<PushFault::none>},
                                                                {"no_push_wait", push<PushFault::no_wait>},
                                                                {"one_push_buffer", push<PushFault::one_buffer>},
                                                                {"too_few_bytes", too_few_bytes},
                                                                {"packets", packets<PacketFault::none>},
                                                                {"no_packet_epoch", packets<PacketFault::no_epoch>},
                                                                {"beyond_shared_memory", beyond_shared_memory},
                                                                {"beyond_peer_memory", beyond_peer_memory},
                                                                {"beyond_global_memory", beyond_global_memory}};
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    const simt::ShuffledSchedule schedule(seed);
    try {
      ++(kernels.at(name)() ? right : wrong);
    } catch (const std::logic_error& error) {
      std::printf("refused: %s\n", error.what());
    }
  }
  if (right == kSchedules) std::printf("right under every schedule\n");
  if (wrong > 0) std::printf("wrong under %d schedules\n", static_cast<int>(wrong));
  return 0;
}

}  // namespace
}  // namespace rondo::test

int main(int count, char** arguments) { return count == 2 ? rondo::test::run(arguments[1]) : 2; }
