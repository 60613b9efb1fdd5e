// Session::backward: what it refuses, and what it reads.

#include <gtest/gtest.h>

#include "rondo/plan/plan.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/gradient_run.h"

namespace rondo::test {
namespace {

/// A run of a small recurrence, and its gradients.
class Backward : public ::testing::Test {
 protected:
  Backward() : random_(7), recurrence_(drawn()), plan_(planned(Keep::gates)), session_(plan_, recurrence_.weights) {
    run_ = run_tensors(plan_, recurrence_);
    gradients_ = unwritten_gradients(plan_, recurrence_, random_upstream(random_, recurrence_));
  }

  RandomRecurrence drawn() {
    RandomRecurrence recurrence = random_recurrence(random_, {.units = 5, .B = 3, .T = 4, .I = 2, .plain_cell = true});
    recurrence.spec.cell.kind = CellKind::lstm;
    recurrence.weights = random_weights(random_, recurrence.spec.cell, 2);
    recurrence.initial_state.clear();
    recurrence.reset_state.clear();
    return recurrence;
  }
  Plan planned(Keep keep, std::int64_t segment = 0) const {
    RecurrenceSpec spec = recurrence_.spec;
    spec.keep = keep;
    spec.segment = segment;
    return Plan::create(spec);
  }
  void expect_refused(const char* name) {
    expect_words([&] { session_.backward(run_, gradients_); }, {name});
  }

  Random random_;
  RandomRecurrence recurrence_;
  Plan plan_;
  Session session_;
  SessionTensors run_;
  SessionGradients gradients_;
};

TEST_F(Backward, NeedsAPlanThatKeeps) {
  const Plan plan = planned(Keep::nothing);
  Session session(plan, recurrence_.weights);
  SessionTensors run = run_tensors(plan, recurrence_);
  expect_words([&] { session.backward(run, gradients_); }, {"keep", "nothing"});
  run.reserve = run_.reserve;
  expect_words([&] { session.run(run); }, {"reserve", "none, as the spec keeps nothing"});
}

TEST_F(Backward, RefusesAReserveThatDoesNotFit) {
  const Tensor reserve = *run_.reserve;
  for (const std::optional<Tensor>& wrong :
       {std::optional<Tensor>(), std::optional(reserve.slice(0, 0, reserve.size(0) - 1)),
        std::optional(reserve.slice(0, 1, reserve.size(0))), std::optional(Tensor::empty(reserve.shape(), DType::i32)),
        std::optional(Tensor())}) {
    run_.reserve = wrong;
    expect_words([&] { session_.run(run_); }, {"reserve"});
    expect_refused("reserve");
  }
}

TEST_F(Backward, RefusesTheReserveOfAnotherRun) {
  expect_refused("memory that no run has written");
  session_.run(run_);
  session_.backward(run_, gradients_);
  SessionTensors other = run_;
  other.x = run_.x.clone();
  expect_words([&] { session_.backward(other, gradients_); }, {"reserve", "a run with other tensors"});
  Session same_plan(plan_, recurrence_.weights);
  expect_words([&] { same_plan.backward(run_, gradients_); }, {"reserve", "other weights"});
  session_.reload_weights();
  expect_refused("before they were reloaded");
  session_.run(run_);
  session_.backward(run_, gradients_);
}

TEST_F(Backward, RefusesTheReserveOfAnotherPlan) {
  session_.run(run_);
  const SharedWeights weights(recurrence_.weights);
  RecurrenceSpec spec = recurrence_.spec;
  spec.keep = Keep::gates;
  spec.rules.read = spec.rules.read == ReadOrder::forward ? ReadOrder::reversed : ReadOrder::forward;
  Session other(Plan::create(spec), weights);
  expect_words([&] { other.backward(run_, gradients_); }, {"reserve", "another plan"});
}

/// Two plans with other activations and the same weights have reserves of the same layout.
TEST_F(Backward, RefusesTheReserveOfAnotherActivation) {
  const SharedWeights weights(recurrence_.weights);
  RecurrenceSpec spec = plan_.spec();
  spec.cell.activation = Activation::tanh;
  Session tanh(Plan::create(spec), weights);
  spec.cell.activation = Activation::sigmoid;
  Session sigmoid(Plan::create(spec), weights);
  tanh.run(run_);
  expect_words([&] { sigmoid.backward(run_, gradients_); }, {"reserve", "another plan"});
  tanh.backward(run_, gradients_);
}

TEST_F(Backward, RefusesGradientsThatDoNotFit) {
  session_.run(run_);
  const auto refuses = [&](const char* name, auto change) {
    const SessionGradients right = gradients_;
    change(gradients_);
    expect_refused(name);
    gradients_ = right;
  };
  const Tensor wrong = Tensor::zeros({7}, DType::f32);
  refuses("gradients.y", [&](SessionGradients& g) { g.y = wrong; });
  refuses("gradients.last_output", [&](SessionGradients& g) { g.last_output = wrong; });
  refuses("gradients.final_state", [&](SessionGradients& g) { g.final_state = {wrong}; });
  refuses("gradients.x", [&](SessionGradients& g) { g.x = g.x->to(DType::f64); });
  refuses("gradients.initial_state", [&](SessionGradients& g) { g.initial_state = {wrong, wrong}; });
  refuses("gradients.weights.kernel", [&](SessionGradients& g) { g.weights.kernel = wrong; });
  refuses("gradients.weights.recurrent_kernel",
          [&](SessionGradients& g) { g.weights.recurrent_kernel = g.weights.recurrent_kernel->to(DType::f64); });
  refuses("gradients.weights.peepholes", [&](SessionGradients& g) {
    g.weights.peepholes = Tensor::zeros({3, 5}, DType::f32);
  });
  refuses("gaps", [&](SessionGradients& g) { g.weights.kernel = Tensor::zeros({20, 2}, DType::f32).swap_axes(0, 1); });
}

TEST_F(Backward, TakesSegmentsWithStatesAlone) {
  expect_words([&] { (void)planned(Keep::gates, 2); }, {"segment", "keeps gates"});
  expect_words([&] { (void)planned(Keep::states, -1); }, {"segment", "-1"});
  EXPECT_LT(planned(Keep::states, 2).reserve_bytes(), planned(Keep::states).reserve_bytes());
  EXPECT_LT(planned(Keep::states).reserve_bytes(), planned(Keep::gates).reserve_bytes());
  EXPECT_EQ(planned(Keep::nothing).reserve_bytes(), 0U);
}

/// On the CPU a plan, its reserve and its gradients are those of a spec without.
TEST_F(Backward, SwapMemoryHasNoEffectOnTheCpu) {
  RecurrenceSpec spec = plan_.spec();
  spec.swap_memory = true;
  const Plan swapping = Plan::create(spec);
  EXPECT_EQ(swapping.explain(), plan_.explain());
  EXPECT_EQ(swapping.reserve_bytes(), plan_.reserve_bytes());
  const SharedWeights weights(recurrence_.weights);
  session_ = Session(plan_, weights);
  session_.run(run_);
  Session session(swapping, weights);
  session.backward(run_, gradients_);  // the reserve has the same layout
  const Tensor actual = gradients_.weights.recurrent_kernel->clone();
  session_.backward(run_, gradients_);
  EXPECT_TRUE(identical(actual, *gradients_.weights.recurrent_kernel));
  spec.keep = Keep::states;
  spec.segment = 2;
  EXPECT_EQ(Plan::create(spec).explain(), planned(Keep::states, 2).explain());
}

TEST_F(Backward, EmptyReserveFits) {
  run_.reserve = plan_.empty_reserve();
  EXPECT_EQ(static_cast<std::size_t>(run_.reserve->numel()), plan_.reserve_bytes());
  session_.run(run_);
  session_.backward(run_, gradients_);
  expect_words([&] { (void)planned(Keep::nothing).empty_reserve(); }, {"keep", "nothing"});
}

/// Values of a step and a row, in units of H: gates and states 6, states 2.
TEST(Reserve, HoldsSixValuesOfAUnitOfAnLstm) {
  RecurrenceSpec spec{.cell = {.units = 64}, .T = 10, .B = 4, .I = 3, .keep = Keep::gates};
  const std::size_t values = 10 * 4 * 64;
  EXPECT_LE(Plan::create(spec).reserve_bytes(), 6 * values * 4 + 256);
  spec.keep = Keep::states;
  EXPECT_LE(Plan::create(spec).reserve_bytes(), 2 * values * 4 + 256);
  spec.segment = 3;  // states before the steps 0, 3, 6 and 9
  EXPECT_LE(Plan::create(spec).reserve_bytes(), 2 * values * 4 * 4 / 10 + 256);
  spec.dtype = DType::bf16;
  EXPECT_LE(Plan::create(spec).reserve_bytes(), values * 4 * 4 / 10 + 256);
}

TEST(Plan, ExplainsWhoComputesTheGradients) {
  const RecurrenceSpec spec{.cell = {.units = 8}, .T = 3, .B = 2, .I = 3, .keep = Keep::gates};
  const Plan plan = Plan::create(spec);
  EXPECT_EQ(plan.executor_name(), "cpu_fused");
  EXPECT_EQ(plan.backward_executor_name(), "cpu_fused");
  EXPECT_NE(plan.explain().find("cpu_fused computes them, from a reserve of"), std::string::npos) << plan.explain();
  expect_words([&] { (void)Plan::create(spec, {.backward_executor = "nobody"}); }, {"nobody"});
}

}  // namespace
}  // namespace rondo::test
