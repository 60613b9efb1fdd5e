// Runs one of the faulty kernels, or its right twin, under a number of shuffled schedules, and says whether any of them
// showed wrong numbers. What the sanitizers say comes on top. The tests in CMakeLists.txt read the output.

#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "cuda/device/launch.cuh"
#include "simt/heap_block.h"
#include "simt/self_test_kernels.h"

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
  device::launch(neighbour_sum_kernel<kGridBarrier>, {.grid = {kBlocks}, .block = {kThreads}}, values.data(), 2);
  for (std::int64_t i = 0; i < kCount; ++i) {  // 1 2 1 times the three values from i on
    const std::int64_t expected = i + 2 * ((i + 1) % kCount) + (i + 2) % kCount;
    if (values[i] != static_cast<float>(expected)) return false;
  }
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
                                                                {"beyond_shared_memory", beyond_shared_memory},
                                                                {"beyond_global_memory", beyond_global_memory}};
  int wrong = 0;
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    const simt::ShuffledSchedule schedule(seed);
    if (!kernels.at(name)()) ++wrong;
  }
  std::printf(wrong == 0 ? "right under every schedule\n" : "wrong under %d schedules\n", wrong);
  return 0;
}

}  // namespace
}  // namespace rondo::test

int main(int count, char** arguments) { return count == 2 ? rondo::test::run(arguments[1]) : 2; }
