// Reserves in the host's memory: gradients have the bits that they have with a reserve on the device.

#include <gtest/gtest.h>

#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/gradient_run.h"
#include "support/packed_run.h"

namespace rondo::test {
namespace {

struct Precision {
  DType dtype;
  MatrixMath math;
};

std::string to_string(const Precision& precision) {
  return to_string(precision.dtype) + "_" + to_string(precision.math);
}
void PrintTo(const Precision& precision, std::ostream* stream) { *stream << to_string(precision); }

Plan stepwise_plan(RecurrenceSpec spec, bool swap_memory) {
  spec.swap_memory = swap_memory;
  return Plan::create(spec, {.executor = "cuda_stepwise", .backward_executor = "cuda_stepwise"});
}

/// The results and the gradients of a run that is repeated, and so is recorded and then replayed.
std::vector<Tensor> results_of(const Plan& plan, const RandomRecurrence& recurrence, const Upstream& upstream) {
  const RecurrenceSpec& spec = plan.spec();
  Session session(plan,
                  recurrence.weights.map([&](const Tensor& weight) { return weight.to(spec.dtype).to(spec.device); }));
  const SessionTensors run = run_tensors(plan, recurrence);
  const SessionGradients gradients = unwritten_gradients(plan, recurrence, upstream);
  for (int repeat = 0; repeat < 3; ++repeat) {
    session.run(run);
    session.backward(run, gradients);
  }
  std::vector<Tensor> results{*run.y, *run.last_output};
  results.insert(results.end(), run.final_state.begin(), run.final_state.end());
  const Gradients named{*gradients.x, gradients.initial_state, gradients.reset_state, gradients.weights};
  for (const auto& [name, gradient] : named.all()) results.push_back(gradient);
  return results;
}

void expect_same(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t k = 0; k < actual.size(); ++k) {
    EXPECT_TRUE(identical(actual[k].to(cpu()), expected[k].to(cpu()))) << "result " << k;
  }
}

class SwapMemoryParity : public ::testing::TestWithParam<Precision> {
 protected:
  static RandomRecurrence recurrence_of(Random& random, const WantedSizes& sizes) {
    RandomRecurrence recurrence = random_recurrence(random, sizes);
    recurrence.spec.dtype = GetParam().dtype;
    recurrence.spec.math = GetParam().math;
    recurrence.spec.device = device_under_test();
    recurrence.spec.keep = random.coin() ? Keep::gates : Keep::states;
    return recurrence;
  }
  static void check(const RandomRecurrence& recurrence, Random& random) {
    SCOPED_TRACE(to_string(recurrence.spec));
    const Upstream upstream = random_upstream(random, recurrence);
    expect_same(results_of(stepwise_plan(recurrence.spec, true), recurrence, upstream),
                results_of(stepwise_plan(recurrence.spec, false), recurrence, upstream));
  }
};

TEST_P(SwapMemoryParity, GradientsHaveTheSameBits) {
  for (std::uint64_t seed = 0; seed < 150 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    check(recurrence_of(random, {.T = random.integer(0, 30)}), random);
  }
}

/// Threads take packs of units.
TEST_P(SwapMemoryParity, GradientsOfWideBatchesHaveTheSameBits) {
  constexpr std::int64_t kUnits = 60;
  const std::int64_t B = properties_of(device_under_test()).processors * 1024 / kUnits + 1;
  for (std::uint64_t seed = 0; seed < 4 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    check(recurrence_of(random, {.units = kUnits, .B = B, .T = 4, .I = 4}), random);
  }
}

INSTANTIATE_TEST_SUITE_P(, SwapMemoryParity,
                         ::testing::Values(Precision{DType::f64, MatrixMath::strict},
                                           Precision{DType::f32, MatrixMath::strict},
                                           Precision{DType::f32, MatrixMath::tf32},
                                           Precision{DType::f16, MatrixMath::strict},
                                           Precision{DType::bf16, MatrixMath::strict}),
                         [](const auto& instance) { return to_string(instance.param); });

TEST(SwapMemory, GradientsOfPackedBatchesHaveTheSameBits) {
  for (std::uint64_t seed = 0; seed < 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    RandomRecurrence recurrence = random_recurrence(random, {.B = random.integer(1, 6), .T = random.integer(1, 20)});
    recurrence.spec.has_lengths = true;
    if (!recurrence.lengths) {
      recurrence.lengths = Tensor::empty({recurrence.spec.B}, DType::i32);
      for (std::int64_t b = 0; b < recurrence.spec.B; ++b) {
        recurrence.lengths->data<std::int32_t>()[b] = static_cast<std::int32_t>(random.integer(0, recurrence.spec.T));
      }
    }
    if (!can_be_packed(recurrence.spec)) continue;
    draw_longest_row(random, recurrence);
    recurrence.spec.device = device_under_test();
    recurrence.spec.keep = random.coin() ? Keep::gates : Keep::states;
    SCOPED_TRACE(to_string(recurrence.spec));
    const Upstream upstream = random_upstream(random, recurrence);
    const Packing packing{.by_index = random.coin(), .sizes_on_host = random.coin()};
    const auto gradients = [&](bool swap_memory) {
      std::vector<Tensor> tensors;
      const Plan plan = stepwise_plan(packed_spec(recurrence), swap_memory);
      for (const auto& [name, tensor] : packed_gradients(plan, recurrence, upstream, packing).all()) {
        tensors.push_back(tensor);
      }
      return tensors;
    };
    expect_same(gradients(true), gradients(false));
  }
}

/// An LSTM of two chunks and more.
RandomRecurrence lstm_recurrence(Random& random) {
  RandomRecurrence recurrence = random_recurrence(random, {.units = 5, .B = 3, .T = 21, .I = 2, .plain_cell = true});
  recurrence.spec.cell.kind = CellKind::lstm;
  recurrence.spec.cell.use_bias = true;
  recurrence.weights = random_weights(random, recurrence.spec.cell, 2);
  recurrence.initial_state.clear();
  recurrence.reset_state.clear();
  recurrence.spec.device = device_under_test();
  recurrence.spec.keep = Keep::gates;
  return recurrence;
}

TEST(SwapMemory, ManyRunsAwaitTheirGradients) {
  Random random(3);
  const RandomRecurrence recurrence = lstm_recurrence(random);
  RandomRecurrence other = recurrence;
  other.x = random.tensor(recurrence.x.shape(), 1.0);
  const Upstream upstream = random_upstream(random, recurrence);
  const auto gradients = [&](bool swap_memory) {
    const Plan plan = stepwise_plan(recurrence.spec, swap_memory);
    Session session(plan, recurrence.weights.to(recurrence.spec.device));
    const SessionTensors first = run_tensors(plan, recurrence);
    const SessionTensors second = run_tensors(plan, other);
    session.run(first);
    session.run(second);
    std::vector<Tensor> results;
    for (const SessionTensors* run : {&first, &second, &first}) {
      const SessionGradients wanted = unwritten_gradients(plan, recurrence, upstream);
      session.backward(*run, wanted);
      results.insert(results.end(), {*wanted.x, *wanted.weights.kernel, *wanted.weights.recurrent_kernel});
    }
    return results;
  };
  expect_same(gradients(true), gradients(false));
}

}  // namespace
}  // namespace rondo::test
