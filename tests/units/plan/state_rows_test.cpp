// States with more rows than a batch, of which each run names those that it takes.

#include <gtest/gtest.h>

#include <functional>

#include "rondo/plan/network.h"
#include "support/compare.h"
#include "support/executors.h"
#include "support/expect_error.h"
#include "support/random_recurrence.h"

namespace rondo::test {
namespace {

constexpr std::int64_t T = 4;
constexpr std::int64_t B = 3;
constexpr std::int64_t I = 2;
constexpr std::int64_t H = 5;
constexpr std::int64_t kRows = 7;  // of the states

Tensor integers(const std::vector<std::int64_t>& numbers) { return Tensor::from(numbers, {std::ssize(numbers)}); }

/// Two rows, of 3 steps and of 1 step, whose states are in the rows 5 and 2.
struct Fixture {
  Random random{3};
  RecurrenceSpec spec{
      .cell = {.kind = CellKind::lstm, .units = H}, .T = T, .B = B, .I = I, .packed = true, .state_rows = kRows};
  PlanOptions options = {};
  RecurrentWeights weights = random_weights(random, spec.cell, I);
  std::vector<Tensor> states = {random.tensor({kRows, H}, 1.0), random.tensor({kRows, H}, 1.0)};
  SessionTensors tensors{.x = random.tensor({4, I}, 1.0),
                         .initial_state = states,
                         .y = Tensor::full({4, H}, -7, DType::f32),
                         .final_state = states,
                         .batch_sizes = integers({2, 1, 1, 0}),
                         .row_indices = integers({5, 2, 6})};

  void run() const { Session(Plan::create(spec, options), weights).run(tensors); }
};

TEST(StateRows, EveryExecutorTakesTheRowsThatARunNames) {
  const std::vector<std::string> executors = executors_for(Fixture().spec);
  EXPECT_EQ(executors, (std::vector<std::string>{"cpu_fused", "reference"}));
  for (const std::string& executor : executors) {
    SCOPED_TRACE(executor);
    Fixture fixture;
    fixture.options.executor = executor;
    fixture.tensors.row_indices = integers({5, 2, -9});  // the last row has no steps
    const std::vector<Tensor> before = {fixture.states[0].clone(), fixture.states[1].clone()};
    fixture.run();
    for (const auto& [slot, places] :
         {std::pair(5, std::vector<std::int64_t>{0, 2, 3}), std::pair(2, std::vector<std::int64_t>{1})}) {
      const auto steps = static_cast<std::int64_t>(places.size());
      const Tensor x = Tensor::empty({steps, 1, I}, DType::f32);
      const Tensor y = Tensor::empty({steps, 1, H}, DType::f32);
      for (std::int64_t t = 0; t < steps; ++t)
        x.select(0, t).copy_from(
            fixture.tensors.x.slice(0, places[static_cast<std::size_t>(t)], places[static_cast<std::size_t>(t)] + 1));
      const std::vector<Tensor> states = {before[0].slice(0, slot, slot + 1), before[1].slice(0, slot, slot + 1)};
      const RecurrenceSpec alone{.cell = fixture.spec.cell, .T = steps, .B = 1, .I = I};
      Session(Plan::create(alone, fixture.options), fixture.weights)
          .run({.x = x, .initial_state = states, .y = y, .final_state = states});
      for (std::int64_t t = 0; t < steps; ++t) {
        EXPECT_TRUE(identical(fixture.tensors.y->select(0, places[static_cast<std::size_t>(t)]).contiguous(),
                              y.select(0, t).select(0, 0).contiguous()));
      }
    }
    for (int k = 0; k < 2; ++k)
      EXPECT_TRUE(identical(fixture.states[static_cast<std::size_t>(k)], before[static_cast<std::size_t>(k)])) << k;
  }
}

TEST(StateRows, ARunMayHaveNoRows) {
  for (const char* executor : {"cpu_fused", "reference"}) {
    Fixture fixture;
    fixture.options.executor = executor;
    const Tensor before = fixture.states[0].clone();
    fixture.tensors.x = Tensor::empty({0, I}, DType::f32);
    fixture.tensors.y = Tensor::empty({0, H}, DType::f32);
    fixture.tensors.batch_sizes = integers({0, 0, 0, 0});
    fixture.run();
    EXPECT_TRUE(identical(fixture.states[0], before));
  }
}

struct BadInput {
  const char* name;
  std::vector<std::string> words;
  std::function<void(Fixture&)> spoil;
};

TEST(StateRows, NamesWhatDoesNotFit) {
  const BadInput table[] = {
      {"fewer rows than the batch", {"state_rows: got 2", "B = 3"}, [](Fixture& f) { f.spec.state_rows = 2; }},
      {"a negative number", {"state_rows: got -1"}, [](Fixture& f) { f.spec.state_rows = -1; }},
      {"more than indices can name",
       {"state_rows", "2^31"},
       [](Fixture& f) { f.spec.state_rows = std::int64_t{1} << 31; }},
      {"a padded batch", {"packed: got false with state_rows of 7"}, [](Fixture& f) { f.spec.packed = false; }},
      {"reversed",
       {"rules.read: got reversed", "forward"},
       [](Fixture& f) { f.spec.rules.read = ReadOrder::reversed_within_length; }},
      {"gradients", {"keep: got states", "nothing"}, [](Fixture& f) { f.spec.keep = Keep::states; }},
      {"indices of another number of rows",
       {"row_indices: got i64(2,)", "(3,)"},
       [](Fixture& f) {
         f.tensors.row_indices = integers({5, 2});
       }},
      {"no indices", {"row_indices: got none", "state_rows"}, [](Fixture& f) { f.tensors.row_indices.reset(); }},
      {"an index of no row",
       {"row_indices[1]: got 7", "0 to 6"},
       [](Fixture& f) {
         f.tensors.row_indices = integers({5, 7, 6});
       }},
      {"a negative index",
       {"row_indices[0]: got -1"},
       [](Fixture& f) {
         f.tensors.row_indices = integers({-1, 2, 6});
       }},
      {"an index again",
       {"row_indices[1]: got 5 again"},
       [](Fixture& f) {
         f.tensors.row_indices = integers({5, 5, 6});
       }},
      {"sizes that grow",
       {"batch_sizes[3]: got 1", "0 to 0"},
       [](Fixture& f) {
         f.tensors.batch_sizes = integers({2, 2, 0, 1});
       }},
      {"a negative size",
       {"batch_sizes[3]: got -1"},
       [](Fixture& f) {
         f.tensors.batch_sizes = integers({2, 2, 1, -1});
       }},
      {"states of the batch's rows",
       {"initial_state[0]: got f32(3, 5)", "f32(7, 5)"},
       [](Fixture& f) {
         f.tensors.initial_state = {f.states[0].slice(0, 0, 3), f.states[1].slice(0, 0, 3)};
       }},
  };
  for (const BadInput& bad : table) {
    SCOPED_TRACE(bad.name);
    Fixture fixture;
    bad.spoil(fixture);
    expect_words([&] { fixture.run(); }, bad.words);
  }
}

TEST(StateRows, AreThoseOfAllLayersOfANetwork) {
  const Fixture fixture;
  NetworkSpec network{.layers = {{.forward = fixture.spec}, {.forward = fixture.spec}}};
  network.layers[1].forward.I = H;
  network.layers[1].forward.state_rows = kRows + 1;
  expect_words([&] { (void)NetworkPlan::create(network); },
               {"layers[1].forward.state_rows: got 8", "7, as layers[0].forward has"});
}

}  // namespace
}  // namespace rondo::test
