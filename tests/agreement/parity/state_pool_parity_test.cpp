// Pools on a CUDA device: a stream has the same bits in any slot, company and chunks, and those of the CPU but for
// rounding.

#include <gtest/gtest.h>

#include "rondo/tensor/stream.h"
#include "support/compare.h"
#include "support/counted_calls.h"
#include "support/device_under_test.h"
#include "support/executors.h"
#include "units/serving/interleaved_streams.h"

namespace rondo::test {
namespace {

using cuda_runtime::Call;

StatePoolOptions options_of(const std::string& executor) {
  return {.slots = 7,
          .max_rows = 4,
          .max_steps = 3,
          .device = device_under_test(),
          .network = {.executor = executor},
          .eviction = EvictionPolicy::least_recently_used};
}

/// The outputs of a stream whose steps are a call each, without company.
Tensor step_by_step(StatePool& pool, const Tensor& x) {
  const Tensor inputs = x.to(device_under_test());
  const Tensor y = Tensor::empty({x.size(0), pool.output_features()}, pool.dtype(), device_under_test());
  const std::int64_t slot = pool.open();
  for (std::int64_t t = 0; t < x.size(0); ++t) {
    pool.run(std::vector<StreamChunk>{{.slot = slot}}, inputs.slice(0, t, t + 1), y.slice(0, t, t + 1));
  }
  pool.close(slot);
  return y.to(cpu());
}

class StatePoolParity : public ::testing::TestWithParam<std::tuple<std::string, DType>> {};

TEST_P(StatePoolParity, StreamsEmitWhatTheyEmitAlone) {
  const auto& [executor, dtype] = GetParam();
  if (is_left_out(executor)) GTEST_SKIP() << "RONDO_TEST_WITHOUT leaves out " << executor;
  Random random(6);
  const LoadedNetwork network =
      random_stack(random, {CellKind::lstm, CellKind::gru}, {.I = 5, .H = 24, .dtype = dtype});
  const StatePoolOptions options = options_of(executor);
  StatePool pool(network, options);
  InterleavedStreams streams(random, network, options, [&](const Tensor& x) {
    const Tensor y = step_by_step(pool, x);
    const double bound = dtype == DType::f32 ? 1e-5 : 0.05;
    EXPECT_TRUE(close(y, stream_alone(network, x), bound));
    return y;
  });
  for (int k = 0; k < 60 && !HasFailure(); ++k) streams.act();
}

INSTANTIATE_TEST_SUITE_P(Executors, StatePoolParity,
                         ::testing::Combine(::testing::Values("cuda_stepwise", "cuda_block", "cuda_grid"),
                                            ::testing::Values(DType::f32, DType::bf16)),
                         [](const auto& tried) {
                           return std::get<0>(tried.param) + "_" + to_string(std::get<1>(tried.param));
                         });

TEST(StatePoolParity, CallsOfAnySizeReplayOneGraphALayer) {
  Random random(6);
  StatePool pool(random_stack(random, {CellKind::lstm, CellKind::gru}, {.H = 24}), options_of("cuda_stepwise"));
  std::vector<StreamChunk> chunks;
  const Tensor x = random.tensor({4, 5}, 1.0).to(device_under_test());
  const Tensor y = Tensor::empty({4, 24}, DType::f32, device_under_test());
  const auto call = [&](std::int64_t rows) {
    pool.run(std::span(chunks).first(static_cast<std::size_t>(rows)), x.slice(0, 0, rows), y.slice(0, 0, rows));
  };
  for (int k = 0; k < 4; ++k) chunks.push_back({.slot = pool.open(), .start = k == 2});
  const CountedCalls calls;
  for (const std::int64_t rows : {3, 1, 4, 2, 4, 1}) call(rows);
  EXPECT_EQ(calls.of(Call::allocate), 0);
  EXPECT_EQ(calls.of(Call::record_graph), 2);
  EXPECT_EQ(calls.of(Call::replay_graph), 2 * 5);
  const SessionStatus status = pool.finish();
  EXPECT_FALSE(status.packed_out_of_range || status.stalled);
}

}  // namespace
}  // namespace rondo::test
