// What a session promises of gradients, with cuDNN's executors: whose run they are of, what they leave as it was, which
// are computed, and who else declines them.

#include <limits>

#include "agreement/parity/cudnn_gradients.h"
#include "cuda/runtime/calls.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

using CudnnSessionGradients = CudnnGradients;

// Of equal gradients by a library that may add in another order.
constexpr double kRepeated = 1e-5;

/// Zeros have gradients of zeros; a reserve serves again and again, until it is consumed; and gradients are added.
TEST_F(CudnnSessionGradients, ObeyTheirLaws) {
  for (const CellSpec& cell : cells()) {
    Random random(300);
    const RandomRecurrence recurrence = recurrence_of(cell, kCudnnPrecisions[1], random);
    SCOPED_TRACE(to_string(recurrence.spec));
    const Plan made = plan(recurrence.spec);
    const Upstream upstream = random_upstream(random, recurrence);
    Session session = session_of(made, recurrence);
    const SessionTensors run = run_tensors(made, recurrence);
    session.run(run);

    const SessionGradients zeros = unwritten_gradients(made, recurrence, {});
    session.backward(run, zeros);
    EXPECT_EQ(square_of(*zeros.x), 0.0);
    EXPECT_EQ(square_of(*zeros.weights.kernel), 0.0);
    EXPECT_EQ(square_of(zeros.initial_state[0]), 0.0);

    const SessionGradients once = unwritten_gradients(made, recurrence, upstream);
    session.backward(run, once);
    SessionGradients again = unwritten_gradients(made, recurrence, upstream);
    for (int repeat = 0; repeat < 3; ++repeat) {
      session.backward(run, again);
      EXPECT_TRUE(close(*again.x, *once.x, kRepeated));
      EXPECT_TRUE(close(*again.weights.recurrent_kernel, *once.weights.recurrent_kernel, kRepeated));
    }
    again.accumulate_weights = true;
    again.accumulate_x = true;
    session.backward(run, again);
    EXPECT_TRUE(close(*again.weights.kernel, mul(*once.weights.kernel, 2.0), kRepeated));
    EXPECT_TRUE(close(*again.weights.bias, mul(*once.weights.bias, 2.0), kRepeated));
    EXPECT_TRUE(close(*again.x, mul(*once.x, 2.0), kRepeated));

    SessionGradients last = unwritten_gradients(made, recurrence, upstream);
    last.reserve_use = ReserveUse::consume;
    session.backward(run, last);
    EXPECT_TRUE(close(*last.x, *once.x, kRepeated));
    EXPECT_TRUE(close(*last.weights.kernel, *once.weights.kernel, kRepeated));
    expect_words([&] { session.backward(run, last); }, {"reserve", "consumed"});
    session.run(run);
    session.backward(run, last);
    EXPECT_TRUE(close(*last.weights.kernel, *once.weights.kernel, kRepeated));
  }
}

/// Many runs may await their gradients, in any order; the caller may meanwhile overwrite their outputs and states.
TEST_F(CudnnSessionGradients, AreOfTheirOwnRun) {
  Random random(400);
  const RandomRecurrence first = recurrence_of(cell_of(CellKind::lstm), kCudnnPrecisions[0], random);
  RandomRecurrence second = first;
  second.x = random.tensor(first.x.shape(), 1.0);
  second.initial_state = {random.tensor({3, 8}, 1.0), random.tensor({3, 8}, 1.0)};
  const Plan made = plan(first.spec);
  const Upstream upstream = random_upstream(random, first);
  Session session = session_of(made, first);
  const std::array<const RandomRecurrence*, 2> recurrences{&first, &second};
  std::array runs{run_tensors(made, first), run_tensors(made, second)};
  for (const SessionTensors& run : runs) session.run(run);
  for (std::size_t k = 0; k < runs.size(); ++k) {
    const SessionTensors& run = runs[k];
    RecurrenceSpec spec = first.spec;
    spec.device = cpu();
    spec.keep = Keep::nothing;
    const RunResult expected = run_plan(Plan::create(spec, {.executor = "reference"}), *recurrences[k]);
    expect_close(
        {run.y->to(cpu()), run.last_output->to(cpu()), {run.final_state[0].to(cpu()), run.final_state[1].to(cpu())}},
        expected, 1e-10);
    run.y->fill(std::numeric_limits<double>::quiet_NaN());
    for (const Tensor& state : run.initial_state) state.fill(7.0);
  }
  for (const std::size_t k : {std::size_t{1}, std::size_t{0}}) {
    const SessionGradients gradients = unwritten_gradients(made, *recurrences[k], upstream);
    session.backward(runs[k], gradients);
    const Gradients expected = oracle_gradients(*recurrences[k], upstream);
    EXPECT_TRUE(close(*gradients.x, expected.x, 1e-10));
    EXPECT_TRUE(close(*gradients.weights.recurrent_kernel, *expected.weights.recurrent_kernel, 1e-10));
    EXPECT_TRUE(close(gradients.initial_state[1], expected.initial_state[1], 1e-10));
  }
}

TEST_F(CudnnSessionGradients, OnlyWhatIsWanted) {
  Random random(500);
  const RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::gru), kCudnnPrecisions[0], random);
  const Plan made = plan(recurrence.spec);
  Upstream upstream;
  upstream.last_output = random.tensor({3, 8}, 1.0);
  upstream.final_state = {random.tensor({3, 8}, 1.0)};
  const Gradients expected = oracle_gradients(recurrence, upstream);
  Session session = session_of(made, recurrence);
  SessionTensors run = run_tensors(made, recurrence);
  run.y.reset();
  run.last_output.reset();
  run.final_state.clear();
  session.run(run);
  const SessionGradients all = unwritten_gradients(made, recurrence, upstream);
  SessionGradients some{.last_output = all.last_output, .final_state = all.final_state};
  some.weights.recurrent_kernel = all.weights.recurrent_kernel;
  session.backward(run, some);
  EXPECT_TRUE(close(*some.weights.recurrent_kernel, *expected.weights.recurrent_kernel, 1e-10));
  some.weights = {};
  some.initial_state = all.initial_state;
  some.x = all.x;
  session.backward(run, some);
  EXPECT_TRUE(close(*some.x, expected.x, 1e-10));
  EXPECT_TRUE(close(some.initial_state[0], expected.initial_state[0], 1e-10));
}

/// The gradients of the initial states over those of the final ones, as in truncated back-propagation.
TEST_F(CudnnSessionGradients, InPlaceOfWhatIsGiven) {
  Random random(550);
  const RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::lstm), kCudnnPrecisions[0], random);
  const Plan made = plan(recurrence.spec);
  Upstream upstream;
  upstream.final_state = {random.tensor({3, 8}, 1.0), random.tensor({3, 8}, 1.0)};
  const Gradients expected = oracle_gradients(recurrence, upstream);
  Session session = session_of(made, recurrence);
  const SessionTensors run = run_tensors(made, recurrence);
  session.run(run);
  SessionGradients gradients = unwritten_gradients(made, recurrence, upstream);
  gradients.initial_state = gradients.final_state;
  session.backward(run, gradients);
  EXPECT_TRUE(close(*gradients.x, expected.x, 1e-10));
  EXPECT_TRUE(close(gradients.initial_state[0], expected.initial_state[0], 1e-10));
  EXPECT_TRUE(close(gradients.initial_state[1], expected.initial_state[1], 1e-10));
}

/// cuDNN alone reads what it has kept, and it keeps no states alone.
TEST_F(CudnnSessionGradients, OthersDecline) {
  Random random(800);
  RecurrenceSpec spec = recurrence_of(cell_of(CellKind::lstm), kCudnnPrecisions[1], random).spec;
  EXPECT_EQ(plan(spec).backward_executor_name(), "cudnn_standard");
  EXPECT_GT(plan(spec).reserve_bytes(), 0U);
  expect_words([&] { (void)Plan::create(spec, {.executor = "cudnn_standard", .backward_executor = "cuda_stepwise"}); },
               {"cuda_stepwise declined: the reserves of cudnn_standard have a layout of their own"});
  expect_words([&] { (void)Plan::create(spec, {.executor = "cuda_stepwise", .backward_executor = "cudnn_standard"}); },
               {"cudnn_standard declined: the reserves of cudnn_standard have a layout of their own, and cuda_stepwise "
                "has another"});
  spec.keep = Keep::states;
  expect_words([&] { (void)plan(spec); }, {"cuDNN keeps the gates"});
}

thread_local std::vector<cuda_runtime::Call> seen_calls;

TEST_F(CudnnSessionGradients, TheSecondOnesAreRecordedAndTheThirdReplayed) {
  Random random(900);
  const RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::gru), kCudnnPrecisions[1], random);
  const Plan made = plan(recurrence.spec);
  Session session = session_of(made, recurrence);
  const SessionTensors run = run_tensors(made, recurrence);
  SessionGradients gradients = unwritten_gradients(made, recurrence, random_upstream(random, recurrence));
  gradients.reserve_use = ReserveUse::consume;
  session.run(run);
  session.backward(run, gradients);
  seen_calls.clear();
  cuda_runtime::observe_calls([](cuda_runtime::Call call) {
    if (call != cuda_runtime::Call::launch && call != cuda_runtime::Call::copy) seen_calls.push_back(call);
  });
  for (int repeat = 0; repeat < 2; ++repeat) {
    session.run(run);
    session.backward(run, gradients);
  }
  cuda_runtime::observe_calls(nullptr);
  using enum cuda_runtime::Call;
  EXPECT_EQ(seen_calls,
            (std::vector{record_graph, replay_graph, record_graph, replay_graph, replay_graph, replay_graph}));
}

}  // namespace
}  // namespace rondo::test
