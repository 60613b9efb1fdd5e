// A batcher on a pool of a CUDA device: requests and answers are on the host, and streams that share calls get the bits
// that each gets alone.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <utility>
#include <vector>

#include "rondo/serving/stream_batcher.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "units/serving/interleaved_streams.h"

namespace rondo::test {
namespace {

StatePool pool_of(const LoadedNetwork& network) {
  return {network,
          {.slots = 5,
           .max_rows = 4,
           .max_steps = 3,
           .device = device_under_test(),
           .network = {.executor = "cuda_stepwise"}}};
}

std::future<StreamAnswer> sent(StreamBatcher& batcher, std::uint64_t stream, const Tensor& x) {
  return batcher.submit({.stream = stream, .x = x, .start = true, .end = true});
}

Tensor output_of(std::future<StreamAnswer> future) {
  if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) return {};
  return future.get().y;
}

TEST(StreamBatcherParity, AStateThatStepsWantIsThatOfAnExport) {
  Random random(7);
  const LoadedNetwork network = random_stack(random, {CellKind::lstm, CellKind::gru}, {.I = 5, .H = 24});
  StreamBatcher batcher(pool_of(network));
  const Tensor x = random.tensor({7, 5}, 1.0);
  const StreamAnswer first =
      batcher.submit({.stream = "a", .x = x.slice(0, 0, 4), .start = true, .wants_state = true}).get();
  EXPECT_EQ(first.state, batcher.export_state("a").get().state);
  const Tensor last = batcher.submit({.stream = "a", .x = x.slice(0, 4, 7)}).get().y;
  ASSERT_EQ(batcher.import_state("b", first.state).get().outcome, StreamOutcome::done);
  EXPECT_TRUE(identical(batcher.submit({.stream = "b", .x = x.slice(0, 4, 7)}).get().y, last));
}

TEST(StreamBatcherParity, StreamsThatShareCallsGetTheBitsOfStreamsAlone) {
  Random random(6);
  const LoadedNetwork network = random_stack(random, {CellKind::lstm, CellKind::gru}, {.I = 5, .H = 24});
  StreamBatcher batcher(pool_of(network));
  std::vector<Tensor> inputs;
  std::vector<std::future<StreamAnswer>> together;
  for (std::uint64_t stream = 0; stream < 5; ++stream) {
    inputs.push_back(random.tensor({random.integer(1, 8), 5}, 1.0));
    together.push_back(sent(batcher, stream, inputs.back()));
  }
  batcher.drain();
  for (std::size_t stream = 0; stream < inputs.size(); ++stream) {
    const Tensor y = output_of(std::move(together[stream]));
    ASSERT_TRUE(y.defined());
    EXPECT_TRUE(identical(y, output_of(sent(batcher, 9, inputs[stream]))));
    EXPECT_TRUE(close(y, stream_alone(network, inputs[stream]), 1e-5));
  }
}

}  // namespace
}  // namespace rondo::test
