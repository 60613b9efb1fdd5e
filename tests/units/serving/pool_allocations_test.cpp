// A pool allocates nothing after its creation, for any number of rows in any order, from the first call on.

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "counted_new.h"
#include "random_stack.h"
#include "rondo/serving/state_pool.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kRows = 32;
constexpr std::int64_t kSteps = 3;

struct Call {
  std::vector<StreamChunk> chunks;
  Tensor x;
  Tensor y;
};

/// Calls of every number of rows in random order, of one step and of ragged chunks, over slots 0 .. kRows - 1.
std::vector<Call> calls_of_all_sizes(Random& random, const StatePool& pool) {
  std::vector<Call> calls;
  for (std::int64_t k = 0; k < 2 * kRows; ++k) {
    std::vector<std::int64_t> slots(kRows);
    std::iota(slots.begin(), slots.end(), 0);
    for (std::int64_t b = kRows - 1; b > 0; --b) std::swap(slots[b], slots[random.integer(0, b)]);
    Call& call = calls.emplace_back();
    std::int64_t rows = 0;
    for (std::int64_t b = 0; b < 1 + k / 2; ++b) {
      call.chunks.push_back(
          {.slot = slots[b], .steps = k % 2 == 0 ? 1 : random.integer(1, kSteps), .start = random.coin()});
      rows += call.chunks.back().steps;
    }
    call.x = random.tensor({rows, pool.input_features()}, 1.0, pool.dtype());
    call.y = Tensor::empty({rows, pool.output_features()}, pool.dtype());
  }
  for (std::size_t k = calls.size() - 1; k > 0; --k) {
    std::swap(calls[k], calls[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(k)))]);
  }
  return calls;
}

class PoolAllocations : public ::testing::TestWithParam<DType> {};

TEST_P(PoolAllocations, ThereAreNoneAfterTheCreation) {
  Random random(3);
  const LoadedNetwork network = random_stack(random, {CellKind::lstm, CellKind::gru}, {.H = 96, .dtype = GetParam()});
  int evicted = 0;
  StatePool pool(network, {.slots = kRows,
                           .max_rows = kRows,
                           .max_steps = kSteps,
                           .network = {.executor = "cpu_fused", .threads = 2},
                           .eviction = EvictionPolicy::least_recently_used,
                           .on_eviction = [&evicted](std::int64_t, EvictionReason) { ++evicted; }});
  std::vector<Call> calls = calls_of_all_sizes(random, pool);
  const std::int64_t before = allocations();
  for (std::int64_t k = 0; k < kRows; ++k) (void)pool.open();
  for (Call& call : calls) {
    pool.run(call.chunks, call.x, call.y);
    pool.close(call.chunks.front().slot);
    (void)pool.open();
    (void)pool.open();  // evicts
  }
  EXPECT_EQ(allocations() - before, 0);
  EXPECT_EQ(evicted, static_cast<int>(calls.size()));
}

INSTANTIATE_TEST_SUITE_P(DTypes, PoolAllocations, ::testing::Values(DType::f32, DType::bf16),
                         [](const auto& tried) { return to_string(tried.param); });

}  // namespace
}  // namespace rondo::test
