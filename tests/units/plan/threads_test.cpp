// Threads may share a plan, with a session for each thread, and a stateless layer of known cells.

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "rondo/keras/layers.h"
#include "support/compare.h"
#include "support/conformance.h"
#include "support/random.h"

namespace rondo {
namespace {

using test::Conformance;
using test::identical;
using test::Random;

constexpr int kThreads = 4;
constexpr int kRuns = 20;
constexpr std::int64_t T = 6;
constexpr std::int64_t B = 3;
constexpr std::int64_t H = 8;

RecurrentWeights random_weights() {
  Random random(5);
  return {random.tensor({H, 4 * H}, 0.5), random.tensor({H, 4 * H}, 0.5), random.tensor({4 * H}, 0.5)};
}

template <typename Work>
void run_in_threads(const Work& work) {
  std::vector<std::thread> threads;
  for (int k = 0; k < kThreads; ++k) threads.emplace_back(work, k);
  for (std::thread& thread : threads) thread.join();
}

TEST_P(Conformance, ThreadsShareAPlanAndItsWeights) {
  const Device device = GetParam().device;
  const DType dtype = GetParam().dtype;
  const RecurrentWeights weights =
      random_weights().map([&](const Tensor& weight) { return weight.to(dtype).to(device); });
  const Tensor x = Random(6).tensor({T, B, H}, 1.0, dtype).to(device);
  const Plan shared = plan({.cell = {.units = H}, .T = T, .B = B, .I = H});
  std::vector<Tensor> results(kThreads);
  run_in_threads([&](int k) {
    Session session(shared, weights);
    const Tensor y = Tensor::empty({T, B, H}, dtype, device);
    for (int run = 0; run < kRuns; ++run) session.run({.x = x, .y = y});
    results[static_cast<std::size_t>(k)] = y.to(cpu());
  });
  for (const Tensor& result : results) EXPECT_TRUE(identical(result, results[0]));
}

TEST(Threads, ShareAStatelessLayer) {
  LSTM layer({.units = H}, random_weights(), {.return_sequences = true});
  const Tensor x = Random(6).tensor({B, T, H}, 1.0);
  const Tensor expected = layer(x).output;
  std::vector<Tensor> results(kThreads);
  run_in_threads([&](int k) {
    for (int run = 0; run < kRuns; ++run) results[static_cast<std::size_t>(k)] = layer(x).output;
  });
  for (const Tensor& result : results) EXPECT_TRUE(identical(result, expected));
}

}  // namespace
}  // namespace rondo
