#include <atomic>
#include <thread>

#include "rondo/plan/plan.h"
#include "units/c_api/c_support.h"

namespace rondo {
namespace {

struct SmallRun {
  CTensor x{{5, 2, 3}, 0.5F};
  CTensor y{{5, 2, 4}, 0};
  CTensor h{{2, 4}, 0.25F};
  CTensor c{{2, 4}, -0.5F};
  const rondo_dl_tensor* states[2] = {&h.view, &c.view};

  rondo_run run() const {
    auto run = sized<rondo_run>();
    run.x = &x.view;
    run.y = &y.view;
    run.initial_states = run.final_states = states;
    run.initial_state_count = run.final_state_count = 2;
    return run;
  }
};

TEST(CSession, RunsAsASessionOfCpp) {
  rondo_session* session = small_session();
  SmallRun small;
  const rondo_run run = small.run();
  ASSERT_EQ(rondo_session_run(session, &run), RONDO_OK) << rondo_last_error();

  RecurrentWeights weights = {.kernel = Tensor::full({3, 16}, 0.1, DType::f32),
                              .recurrent_kernel = Tensor::full({4, 16}, 0.2, DType::f32),
                              .bias = Tensor::full({16}, 0.3, DType::f32)};
  Session same(Plan::create({.cell = {.units = 4}, .T = 5, .B = 2, .I = 3}), weights);
  Tensor h = Tensor::full({2, 4}, 0.25, DType::f32);
  Tensor c = Tensor::full({2, 4}, -0.5, DType::f32);
  Tensor y = Tensor::empty({5, 2, 4}, DType::f32);
  same.run({.x = Tensor::full({5, 2, 3}, 0.5, DType::f32), .initial_state = {h, c}, .y = y, .final_state = {h, c}});
  EXPECT_EQ(small.y.values, std::vector<float>(y.data<float>(), y.data<float>() + 40));
  EXPECT_EQ(small.c.values, std::vector<float>(c.data<float>(), c.data<float>() + 8));

  auto status = sized<rondo_run_status>();
  status.stalled = 1;
  EXPECT_EQ(rondo_session_finish(session, &status), RONDO_OK);
  EXPECT_EQ(status.stalled, 0);
  EXPECT_EQ(rondo_session_finish(session, nullptr), RONDO_OK);
  char* text = nullptr;
  ASSERT_EQ(rondo_session_explain(session, &text), RONDO_OK);
  EXPECT_EQ(taken(text), same.plan().explain());
  EXPECT_EQ(rondo_session_close(session), RONDO_OK);
}

TEST(CSession, TensorsThatDoNotFitAreNamed) {
  rondo_session* session = small_session();
  SmallRun small;
  rondo_run run = small.run();
  run.x = nullptr;
  expect_failed(rondo_session_run(session, &run), RONDO_INVALID_VALUE, "x: got null");
  run = small.run();
  run.x = &small.y.view;
  expect_failed(rondo_session_run(session, &run), RONDO_INVALID_VALUE, "x");
  run = small.run();
  run.initial_state_count = 1;
  expect_failed(rondo_session_run(session, &run), RONDO_INVALID_VALUE, "initial_states: got 1 tensors, expected 2");
  run = small.run();
  run.final_states = nullptr;
  expect_failed(rondo_session_run(session, &run), RONDO_INVALID_VALUE, "final_states: got null");
  run = small.run();
  run.mask = &small.x.view;
  expect_failed(rondo_session_run(session, &run), RONDO_INVALID_VALUE, "mask");
  run = small.run();
  rondo_dl_tensor x = small.x.view;
  x.data = nullptr;
  run.x = &x;
  expect_failed(rondo_session_run(session, &run), RONDO_INVALID_VALUE, "x, dlpack data");
  run = small.run();
  EXPECT_EQ(rondo_session_run(session, &run), RONDO_OK) << rondo_last_error();
  rondo_session_close(session);
}

// A tensor that counts how often its deleter is called.
struct Counted {
  explicit Counted(std::int64_t rows) : shape{rows, 16}, values(static_cast<std::size_t>(rows) * 16, 0.1F) {
    managed.version = {1, 0};
    managed.manager_ctx = this;
    managed.deleter = [](rondo_dl_managed* self) { ++static_cast<Counted*>(self->manager_ctx)->deleted; };
    EXPECT_EQ(rondo_dl_view(values.data(), 2, shape, &managed.dl_tensor), RONDO_OK);
  }

  std::int64_t shape[2];
  std::vector<float> values;
  rondo_dl_managed managed = {};
  int deleted = 0;
};

TEST(CSession, TakesItsWeightsAlsoWhereItFails) {
  Counted kernel(3), recurrent_kernel(4);
  auto weights = sized<rondo_weights>();
  weights.kernel = &kernel.managed;
  weights.recurrent_kernel = &recurrent_kernel.managed;
  rondo_session* session = nullptr;
  expect_failed(rondo_session_create(nullptr, &weights, &session), RONDO_INVALID_HANDLE, "plan: got null");
  EXPECT_EQ(kernel.deleted, 1);
  EXPECT_EQ(recurrent_kernel.deleted, 1);

  rondo_plan* plan = small_plan();
  expect_failed(rondo_session_create(plan, &weights, &session), RONDO_INVALID_VALUE, "bias");
  EXPECT_EQ(kernel.deleted, 2);
  weights.bias = &kernel.managed;  // the same twice
  expect_failed(rondo_session_create(plan, &weights, &session), RONDO_INVALID_VALUE,
                "bias: got a tensor that is another");
  EXPECT_EQ(kernel.deleted, 3);
  weights.struct_size = 0;
  expect_failed(rondo_session_create(plan, &weights, &session), RONDO_INVALID_VALUE, "struct_size");
  EXPECT_EQ(kernel.deleted, 3) << "a struct that could not be read stays the caller's";
  rondo_plan_close(plan);

  rondo_recurrence recurrence = small_lstm();
  recurrence.no_bias = 1;
  ASSERT_EQ(rondo_plan_create(&recurrence, nullptr, &plan), RONDO_OK);
  weights = sized<rondo_weights>();
  weights.kernel = &kernel.managed;
  weights.recurrent_kernel = &recurrent_kernel.managed;
  ASSERT_EQ(rondo_session_create(plan, &weights, &session), RONDO_OK) << rondo_last_error();
  EXPECT_EQ(kernel.deleted, 3);
  rondo_session_close(session);
  EXPECT_EQ(kernel.deleted, 4);
  rondo_plan_close(plan);
}

TEST(CSession, ReadsChangedWeightsWhenToldTo) {
  Counted kernel(3), recurrent_kernel(4);
  rondo_recurrence recurrence = small_lstm();
  recurrence.no_bias = 1;
  rondo_plan* plan = nullptr;
  ASSERT_EQ(rondo_plan_create(&recurrence, nullptr, &plan), RONDO_OK);
  auto weights = sized<rondo_weights>();
  weights.kernel = &kernel.managed;
  weights.recurrent_kernel = &recurrent_kernel.managed;
  rondo_session* session = nullptr;
  ASSERT_EQ(rondo_session_create(plan, &weights, &session), RONDO_OK);
  SmallRun small;
  rondo_run run = small.run();
  run.initial_state_count = run.final_state_count = 0;
  run.initial_states = run.final_states = nullptr;
  ASSERT_EQ(rondo_session_run(session, &run), RONDO_OK);
  const std::vector<float> before = small.y.values;
  kernel.values.assign(kernel.values.size(), 0.7F);
  ASSERT_EQ(rondo_session_reload_weights(session), RONDO_OK);
  ASSERT_EQ(rondo_session_run(session, &run), RONDO_OK);
  EXPECT_NE(small.y.values, before);
  rondo_session_close(session);
  rondo_plan_close(plan);
}

// Threads run and close one session at a time: each call either runs or says why not, and nothing crashes.
TEST(CSession, ClosedByAnotherThreadItLivesUntilItsRunIsDone) {
  for (int round = 0; round < 50; ++round) {
    rondo_session* session = small_session();
    std::atomic<bool> go = false;
    const auto call = [&] {
      SmallRun small;
      const rondo_run run = small.run();
      while (!go) std::this_thread::yield();
      for (int k = 0; k < 20; ++k) {
        const rondo_status status = rondo_session_run(session, &run);
        EXPECT_TRUE(status == RONDO_OK || status == RONDO_INVALID_HANDLE || status == RONDO_RUNTIME_ERROR);
      }
    };
    std::thread first(call), second(call);
    go = true;
    EXPECT_EQ(rondo_session_close(session), RONDO_OK);
    first.join();
    second.join();
  }
}

}  // namespace
}  // namespace rondo
