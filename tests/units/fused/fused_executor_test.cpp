// The fused executor with the kernels of every instruction set of the machine, in every dtype, on several threads.

#include "cpu/fused/fused_executor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "cpu/fused/kernels.h"
#include "rondo/tensor/thread_pool.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "units/fused/fused_run.h"

namespace rondo::test {
namespace {

TEST(FusedExecutor, EveryInstructionSetEqualsTheReferenceInDouble) {
  const auto tables = fused::all_kernels();
  for_each_hazard([&](const RandomRecurrence& drawn, Random& random) {
    const DType dtype = random.pick({DType::f32, DType::bf16, DType::f16});
    const RandomRecurrence recurrence = rounded(drawn, dtype);
    const RunResult expected = run_on("reference", recurrence, DType::f64);
    const double bound = tolerance(dtype) * scale_of(recurrence, expected);
    for (const fused::KernelTable* kernels : tables) {
      SCOPED_TRACE(std::string(kernels->target) + " " + to_string(dtype));
      expect_close(run_fused(*make_fused_executor(*kernels), recurrence, dtype, 1), expected, bound);
    }
  });
}

TEST(FusedExecutor, AnyNumberOfThreadsGivesTheSameBits) {
  const PoolScope scope(make_thread_pool(6));
  for_each_hazard([&](const RandomRecurrence& recurrence, Random& random) {
    const DType dtype = random.pick({DType::f32, DType::bf16});
    const RunResult expected = run_fused(fused_executor(), recurrence, dtype, 1);
    for (const int threads : {2, 3, 6}) {
      SCOPED_TRACE(threads);
      expect_identical(run_fused(fused_executor(), recurrence, dtype, threads), expected);
    }
  });
}

/// Runs parts on new threads in each run; every other time on fewer threads than asked for.
class LentPool final : public ThreadPool {
 public:
  int size() const override { return 4; }

  void run(int most, Part part, void* work) override {
    const int count = std::min(most, ++runs_ % 2 == 0 ? 4 : 3);
    std::vector<std::thread> threads;
    for (int index = 1; index < count; ++index) threads.emplace_back(part, work, index, count);
    part(work, 0, count);
    for (std::thread& thread : threads) thread.join();
  }

  int runs() const { return runs_; }

 private:
  int runs_ = 0;
};

TEST(FusedExecutor, RunsInALentPool) {
  Random random(11);
  const RandomRecurrence recurrence = random_recurrence(random, {.units = 256, .B = 4, .T = 20, .I = 256});
  const RunResult expected = run_fused(fused_executor(), recurrence, DType::f32, 1);
  const auto pool = std::make_shared<LentPool>();
  const PoolScope scope(pool);
  for (int run = 0; run < 4; ++run) expect_identical(run_fused(fused_executor(), recurrence, DType::f32, 4), expected);
  EXPECT_EQ(pool->runs(), 4);
}

TEST(FusedExecutor, SaysHowItRuns) {
  const RecurrenceSpec spec{.cell = {.units = 512}, .T = 100, .B = 1, .I = 512};
  const std::string text = plan_for(fused_executor(), spec, processors(2)).explain();
  EXPECT_NE(text.find("1 groups of rows x 2 of units"), std::string::npos) << text;
  const std::string alone = Plan::create(spec, processors(2), {.threads = 1}).explain();
  EXPECT_NE(alone.find("1 groups of rows x 1 of units"), std::string::npos) << alone;
  EXPECT_THROW(Plan::create(spec, {.threads = -1}), ValueError);
}

TEST(FusedExecutor, NoInitialStateIsOneOfZeros) {
  for (const CellKind kind : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
    Random random(5);
    RandomRecurrence recurrence = random_recurrence(random, {.units = 33, .B = 7, .T = 5, .I = 8});
    while (recurrence.spec.cell.kind != kind) {
      recurrence = random_recurrence(random, {.units = 33, .B = 7, .T = 5, .I = 8});
    }
    recurrence.initial_state.clear();
    const RunResult without = run_fused(fused_executor(), recurrence, DType::f32, 1);
    for (int k = 0; k < state_count(kind); ++k) {
      recurrence.initial_state.push_back(Tensor::zeros({7, state_units(recurrence.spec.cell, k)}, DType::f32));
    }
    SCOPED_TRACE(to_string(recurrence.spec));
    expect_identical(run_fused(fused_executor(), recurrence, DType::f32, 1), without);
  }
}

/// One step of one unit whose gates depend on the bias alone: weights and input are zeros.
struct BiasStep {
  CellSpec cell;
  std::vector<float> bias;
  std::vector<float> state;
  std::vector<float> expected;  ///< expected states
};

RandomRecurrence recurrence_of(const BiasStep& step) {
  const auto gates = static_cast<std::int64_t>(step.bias.size());
  RandomRecurrence recurrence;
  recurrence.spec = {.cell = step.cell, .T = 1, .B = 1, .I = 1};
  recurrence.weights.kernel = Tensor::zeros({1, gates}, DType::f32);
  recurrence.weights.recurrent_kernel = Tensor::zeros({1, gates}, DType::f32);
  recurrence.x = Tensor::zeros({1, 1, 1}, DType::f32);
  const bool two_rows = step.cell.kind == CellKind::gru && step.cell.reset_after;
  const Tensor bias = Tensor::zeros({two_rows ? 2 : 1, gates}, DType::f32);
  std::copy(step.bias.begin(), step.bias.end(), bias.data<float>());
  recurrence.weights.bias = two_rows ? bias : bias.reshape({gates});
  for (const float state : step.state) recurrence.initial_state.push_back(Tensor::full({1, 1}, state, DType::f32));
  return recurrence;
}

/// Steps with closed gates. The order of the bias is i f c o, and z r h.
const std::vector<BiasStep>& closed_gates() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float nan = std::nanf("");
  const float tanh_of_1 = std::tanh(1.0F);
  const CellSpec lstm{.kind = CellKind::lstm};
  const CellSpec rnn{.kind = CellKind::simple_rnn};
  static const std::vector<BiasStep> steps = [&] {
    std::vector<BiasStep> all{{lstm, {-100, 0, 1, 0}, {0, 0}, {0, 0}},
                              {lstm, {0, -100, 1, 0}, {0, kInfinity}, {nan, nan}},
                              {lstm, {0, -200, 1, 0}, {0, -3e38F}, {0.5F * std::tanh(tanh_of_1 / 2), tanh_of_1 / 2}},
                              {lstm, {0, 0, 0, -100}, {0, 1e30F}, {0, 5e29F}},
                              {rnn, {-kInfinity}, {0}, {-1}},
                              {rnn, {nan}, {0}, {nan}}};
    for (const bool reset_after : {true, false}) {
      const CellSpec gru{.kind = CellKind::gru, .reset_after = reset_after};
      all.insert(all.end(), {{gru, {-100, 0, 1}, {-3e38F}, {tanh_of_1}},
                             {gru, {-100, 0, 1}, {kInfinity}, {nan}},
                             {gru, {100, 0, 20}, {0}, {0}},
                             {gru, {100, 0, 1}, {1e30F}, {1e30F}}});
    }
    return all;
  }();
  return steps;
}

TEST(FusedExecutor, ClosedGatesLetNothingThrough) {
  for (const BiasStep& step : closed_gates()) {
    for (const DType dtype : {DType::f32, DType::bf16}) {
      for (const fused::KernelTable* kernels : fused::all_kernels()) {
        SCOPED_TRACE(to_string(step.cell.kind) + " " + kernels->target + " " + to_string(dtype));
        const RunResult actual = run_fused(*make_fused_executor(*kernels), recurrence_of(step), dtype, 1);
        for (std::size_t k = 0; k < step.expected.size(); ++k) {
          const Tensor expected = Tensor::full({1, 1}, step.expected[k], DType::f32);
          EXPECT_TRUE(close(actual.final_state[k].to(DType::f32), expected, tolerance(dtype))) << "state " << k;
        }
      }
    }
  }
}

#if defined(__SSE__) || defined(__aarch64__)
TEST(FusedExecutor, ResultsBelowNormalNumbersAreZero) {
  // c halves in every step: after 140 of them it would be 2^-140, a denormal number.
  const RecurrenceSpec spec{.cell = {.units = 4, .use_bias = false}, .T = 140, .B = 1, .I = 1};
  const Tensor zeros = Tensor::zeros({4, 16}, DType::f32);
  Session session(Plan::create(spec, {.executor = "cpu_fused"}), {Tensor::zeros({1, 16}, DType::f32), zeros});
  const std::vector<Tensor> state{Tensor::zeros({1, 4}, DType::f32), Tensor::full({1, 4}, 1.0, DType::f32)};
  session.run({.x = Tensor::zeros({140, 1, 1}, DType::f32), .initial_state = state, .final_state = state});
  EXPECT_TRUE(identical(state[1], Tensor::zeros({1, 4}, DType::f32)));
}
#endif

}  // namespace
}  // namespace rondo::test
