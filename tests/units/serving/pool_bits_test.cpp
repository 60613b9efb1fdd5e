// A stream has the same bits whoever shares its calls, however many they are, and however many threads run them: with
// sizes at which the products of a library have other bits for another number of rows.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "random_stack.h"
#include "rondo/serving/state_pool.h"
#include "support/compare.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kSteps = 6;  // of a stream

struct BitsCase {
  const char* name;
  const char* executor;
  DType dtype;
  std::int64_t I;
  std::int64_t H;
};

/// Who else is in the calls, and how they run.
struct Company {
  std::int64_t rows = 1;   ///< of a call, ours among them
  std::int64_t steps = 1;  ///< of a chunk, at most
  int threads = 1;
};

LoadedNetwork network_of(const BitsCase& tried) {
  Random random(3);
  CellSpec lstm{.kind = CellKind::lstm, .units = tried.H};
  lstm.use_peepholes = std::string(tried.executor) != "cpu_fused";
  CellSpec gru{.kind = CellKind::gru, .units = tried.H};
  gru.reset_after = false;  // it has two products a step
  return stack_of(random, {lstm, gru}, tried.I, tried.dtype);
}

/// The outputs (kSteps, O) of the stream x in a pool of its own company.
Tensor in_company(const BitsCase& tried, const LoadedNetwork& network, const Tensor& x, const Company& company) {
  StatePool pool(network, {.slots = company.rows,
                           .max_rows = company.rows,
                           .max_steps = company.steps,
                           .network = {.executor = tried.executor, .threads = company.threads}});
  Random random(static_cast<std::uint64_t>(company.rows * 100 + company.steps));
  std::vector<StreamChunk> chunks(static_cast<std::size_t>(company.rows));
  for (StreamChunk& chunk : chunks) chunk.slot = pool.open();
  StreamChunk& ours = chunks[chunks.size() / 2];
  const Tensor y = Tensor::empty({kSteps, network.output_features()}, tried.dtype);
  for (std::int64_t t = 0; t < kSteps; t += ours.steps) {
    std::int64_t rows = 0;
    std::int64_t first = 0;
    for (StreamChunk& chunk : chunks) {
      chunk.steps = &chunk == &ours ? std::min(company.steps, kSteps - t) : random.integer(1, company.steps);
      if (&chunk == &ours) first = rows;
      rows += chunk.steps;
    }
    const Tensor all_x = random.tensor({rows, tried.I}, 0.5, tried.dtype);
    const Tensor all_y = Tensor::empty({rows, network.output_features()}, tried.dtype);
    all_x.slice(0, first, first + ours.steps).copy_from(x.slice(0, t, t + ours.steps));
    pool.run(chunks, all_x, all_y);
    y.slice(0, t, t + ours.steps).copy_from(all_y.slice(0, first, first + ours.steps));
  }
  return y;
}

class StatePoolBits : public ::testing::TestWithParam<BitsCase> {};

TEST_P(StatePoolBits, DoNotDependOnCompanyNorOnThreads) {
  const BitsCase& tried = GetParam();
  const LoadedNetwork network = network_of(tried);
  Random random(7);
  const Tensor x = random.tensor({kSteps, tried.I}, 0.5, tried.dtype);
  const Tensor alone = in_company(tried, network, x, {});
  for (const std::int64_t rows : {1, 2, 5, 33}) {
    for (const std::int64_t steps : {1, 4}) {
      for (const int threads : {1, 2, 3}) {
        const Company company{.rows = rows, .steps = steps, .threads = threads};
        EXPECT_TRUE(identical(in_company(tried, network, x, company), alone))
            << "rows " << rows << " steps " << steps << " threads " << threads;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Executors, StatePoolBits,
                         ::testing::Values(BitsCase{"fused", "cpu_fused", DType::f32, 700, 530},
                                           BitsCase{"fused_small", "cpu_fused", DType::f32, 5, 9},
                                           BitsCase{"fused_bf16", "cpu_fused", DType::bf16, 300, 130},
                                           BitsCase{"fused_f16", "cpu_fused", DType::f16, 300, 130},
                                           BitsCase{"reference", "reference", DType::f32, 60, 70},
                                           BitsCase{"reference_f64", "reference", DType::f64, 60, 70},
                                           BitsCase{"reference_bf16", "reference", DType::bf16, 60, 70}),
                         [](const auto& tried) { return std::string(tried.param.name); });

}  // namespace
}  // namespace rondo::test
