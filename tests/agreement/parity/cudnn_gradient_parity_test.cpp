// The gradients of cuDNN's executors against the reference in f64 on the CPU, and what a session promises of gradients:
// for every algorithm that cuDNN accepts, in every dtype, layout and choice of gradients.

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <set>

#include "cuda/cudnn/cudnn_support.h"
#include "cuda/runtime/calls.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"
#include "support/gradient_run.h"

namespace rondo::test {
namespace {

constexpr std::array kAlgorithms{CudnnAlgorithm::standard, CudnnAlgorithm::persist_static,
                                 CudnnAlgorithm::persist_dynamic, CudnnAlgorithm::persist_static_small_h};

struct Precision {
  DType dtype = DType::f32;
  MatrixMath math = MatrixMath::strict;
  double tolerance = 0;  ///< as expect_near takes it
};

// How cuDNN rounds what it keeps is its own affair: a gradient in the wrong place would be wrong by much more.
constexpr std::array kPrecisions{
    Precision{DType::f64, MatrixMath::strict, 1e-10}, Precision{DType::f32, MatrixMath::strict, 5e-5},
    Precision{DType::f32, MatrixMath::tf32, 1e-2}, Precision{DType::f16, MatrixMath::strict, 1e-2},
    Precision{DType::bf16, MatrixMath::strict, 5e-2}};

struct Sizes {
  std::int64_t T = 5;
  std::int64_t B = 3;
  std::int64_t I = 4;
  std::int64_t H = 8;
};

class CudnnGradientParity : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_THROW(check_device(device())); }

  static Device device() { return device_under_test(); }

  /// A recurrence that cuDNN accepts, whose runs keep what gradients need.
  static RandomRecurrence recurrence_of(const CellSpec& cell, const Precision& precision, Random& random,
                                        const Sizes& sizes = {}) {
    RandomRecurrence recurrence;
    recurrence.spec = {.cell = cell, .T = sizes.T, .B = sizes.B, .I = sizes.I};
    recurrence.weights = random_weights(random, cell, sizes.I);
    recurrence.x = random.tensor({sizes.T, sizes.B, sizes.I}, 1.0);
    const int states = random.coin() ? state_count(cell.kind) : 0;
    for (int k = 0; k < states; ++k) recurrence.initial_state.push_back(random.tensor({sizes.B, sizes.H}, 1.0));
    recurrence = rounded(std::move(recurrence), precision.dtype);
    recurrence.spec.dtype = precision.dtype;
    recurrence.spec.math = precision.math;
    recurrence.spec.device = device();
    recurrence.spec.keep = Keep::gates;
    return recurrence;
  }

  static Plan plan(const RecurrenceSpec& spec, CudnnAlgorithm algorithm = CudnnAlgorithm::standard,
                   GraphUse graph_use = GraphUse::automatic) {
    return Plan::create(spec, {.executor = std::string(cudnn_executor_name(algorithm)), .graph_use = graph_use});
  }

  static Session session_of(const Plan& plan, const RandomRecurrence& recurrence) {
    const RecurrenceSpec& spec = plan.spec();
    return Session(plan,
                   recurrence.weights.map([&](const Tensor& weight) { return weight.to(spec.dtype).to(spec.device); }));
  }

  static CellSpec cell_of(CellKind kind, std::int64_t H = 8) { return {.kind = kind, .units = H}; }

  static std::vector<CellSpec> cells(std::int64_t H = 8) {
    return {cell_of(CellKind::simple_rnn, H), cell_of(CellKind::lstm, H), cell_of(CellKind::gru, H)};
  }
};

// Of equal gradients by a library that may add in another order.
constexpr double kRepeated = 1e-5;

TEST_F(CudnnGradientParity, AreNearTheOracle) {
  std::uint64_t seed = 0;
  for (CellSpec cell : cells()) {
    for (const Precision& precision : kPrecisions) {
      for (int draw = 0; draw < 8; ++draw) {
        Random random(++seed);
        cell.use_bias = draw % 4 != 3;
        const RandomRecurrence recurrence = recurrence_of(cell, precision, random);
        SCOPED_TRACE(to_string(recurrence.spec) + ", seed " + std::to_string(seed));
        const Upstream upstream = rounded(random_upstream(random, recurrence), precision.dtype);
        expect_near(gradients_of(plan(recurrence.spec), recurrence, upstream), oracle_gradients(recurrence, upstream),
                    upstream, precision.tolerance);
      }
    }
  }
  CellSpec relu = cell_of(CellKind::simple_rnn);
  relu.activation = Activation::relu;
  Random random(++seed);
  const RandomRecurrence recurrence = recurrence_of(relu, kPrecisions[0], random);
  const Upstream upstream = random_upstream(random, recurrence);
  expect_near(gradients_of(plan(recurrence.spec), recurrence, upstream), oracle_gradients(recurrence, upstream),
              upstream, kPrecisions[0].tolerance);
}

// Sizes of one, at which layouts look the same.
TEST_F(CudnnGradientParity, OfTheSmallestSizes) {
  for (const Sizes& sizes : {Sizes{.T = 1}, Sizes{.B = 1}, Sizes{1, 1, 1, 8}}) {
    Random random(100);
    const RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::gru), kPrecisions[0], random, sizes);
    SCOPED_TRACE(to_string(recurrence.spec));
    const Upstream upstream = random_upstream(random, recurrence);
    expect_near(gradients_of(plan(recurrence.spec), recurrence, upstream), oracle_gradients(recurrence, upstream),
                upstream, kPrecisions[0].tolerance);
  }
}

// cuDNN decides what each persistent algorithm accepts. An algorithm must be right wherever cuDNN accepts.
TEST_F(CudnnGradientParity, PersistentAlgorithmsWhereTheLibraryAccepts) {
  std::uint64_t seed = 200;
  for (const CudnnAlgorithm algorithm : kAlgorithms) {
    int accepted = 0;
    for (const std::int64_t H : {64, 128}) {
      for (CellSpec cell : cells(H)) {
        for (const Precision& precision : kPrecisions) {
          if (H > 64 && precision.dtype != DType::f16) continue;
          Random random(++seed);
          cell.use_bias = seed % 3 != 0;
          const RandomRecurrence recurrence = recurrence_of(cell, precision, random, {.T = 4, .B = 8, .I = 32, .H = H});
          SCOPED_TRACE(std::string(cudnn_executor_name(algorithm)) + " " + to_string(recurrence.spec));
          const Upstream upstream = rounded(random_upstream(random, recurrence), precision.dtype);
          try {
            expect_near(gradients_of(plan(recurrence.spec, algorithm), recurrence, upstream),
                        oracle_gradients(recurrence, upstream), upstream, precision.tolerance);
            ++accepted;
          } catch (const ValueError& refusal) {
            // Of the library when it ran, or of the executor, which knows that two algorithms have no f64.
            const std::string words = refusal.what();
            EXPECT_TRUE(words.find("CUDNN_STATUS_") != std::string::npos || words.find("f64") != std::string::npos)
                << words;
            EXPECT_NE(algorithm, CudnnAlgorithm::standard) << words;
          }
        }
      }
    }
    RecordProperty(std::string(cudnn_executor_name(algorithm)), accepted);
  }
}

/// Zeros have gradients of zeros; a reserve serves again and again, until it is consumed; and gradients are added.
TEST_F(CudnnGradientParity, ObeyTheirLaws) {
  for (const CellSpec& cell : cells()) {
    Random random(300);
    const RandomRecurrence recurrence = recurrence_of(cell, kPrecisions[1], random);
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
TEST_F(CudnnGradientParity, AreOfTheirOwnRun) {
  Random random(400);
  const RandomRecurrence first = recurrence_of(cell_of(CellKind::lstm), kPrecisions[0], random);
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

TEST_F(CudnnGradientParity, OnlyWhatIsWanted) {
  Random random(500);
  const RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::gru), kPrecisions[0], random);
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
TEST_F(CudnnGradientParity, InPlaceOfWhatIsGiven) {
  Random random(550);
  const RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::lstm), kPrecisions[0], random);
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

/// Weights that have changed, and gradients of weights in f32 where the spec has 16 bits.
TEST_F(CudnnGradientParity, AfterWeightsHaveChangedAndInF32) {
  Random random(600);
  RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::lstm), kPrecisions[3], random);
  const Plan made = plan(recurrence.spec);
  const RecurrentWeights weights = recurrence.weights.map(
      [&](const Tensor& weight) { return weight.to(recurrence.spec.dtype).to(recurrence.spec.device); });
  Session session(made, weights);
  recurrence.weights = random_weights(random, recurrence.spec.cell, recurrence.spec.I).map([](const Tensor& weight) {
    return weight.to(DType::f16).to(DType::f32);
  });
  weights.kernel.copy_from(recurrence.weights.kernel.to(DType::f16));
  weights.recurrent_kernel.copy_from(recurrence.weights.recurrent_kernel.to(DType::f16));
  weights.bias->copy_from(recurrence.weights.bias->to(DType::f16));
  session.reload_weights();
  const SessionTensors run = run_tensors(made, recurrence);
  session.run(run);
  const Upstream upstream = rounded(random_upstream(random, recurrence), DType::f16);
  SessionGradients gradients = unwritten_gradients(made, recurrence, upstream);
  for (auto* weight : {&gradients.weights.kernel, &gradients.weights.recurrent_kernel, &gradients.weights.bias}) {
    *weight = (*weight)->to(DType::f32);
  }
  session.backward(run, gradients);
  const Gradients expected = oracle_gradients(recurrence, upstream);
  EXPECT_TRUE(close(*gradients.weights.kernel, *expected.weights.kernel, 2e-2));
  EXPECT_TRUE(close(*gradients.weights.bias, *expected.weights.bias, 2e-2));
  EXPECT_TRUE(close(*gradients.x, expected.x, 2e-2));
}

TEST_F(CudnnGradientParity, BatchMajorSequences) {
  Random random(700);
  const RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::lstm), kPrecisions[0], random);
  const Plan made = plan(recurrence.spec);
  Upstream upstream;
  upstream.y = random.tensor({5, 3, 8}, 1.0);
  Session session = session_of(made, recurrence);
  const auto batch_major = [](const Tensor& tensor) {
    const Tensor rows =
        Tensor::empty({tensor.size(1), tensor.size(0), tensor.size(2)}, tensor.dtype(), tensor.device());
    rows.swap_axes(0, 1).copy_from(tensor);
    return rows.swap_axes(0, 1);
  };
  SessionTensors run = run_tensors(made, recurrence);
  run.x = batch_major(run.x);
  run.y = batch_major(*run.y);
  session.run(run);
  SessionGradients gradients = unwritten_gradients(made, recurrence, upstream);
  expect_words([&] { session.backward(run, gradients); }, {"gradients.x", "x's layout without gaps"});
  gradients.x = batch_major(*gradients.x);
  gradients.y = batch_major(*gradients.y);
  session.backward(run, gradients);
  const Gradients expected = oracle_gradients(recurrence, upstream);
  EXPECT_TRUE(close(*gradients.x, expected.x, 1e-10));
  EXPECT_TRUE(close(*gradients.weights.kernel, *expected.weights.kernel, 1e-10));
}

/// cuDNN alone reads what it has kept, and it keeps no states alone.
TEST_F(CudnnGradientParity, OthersDecline) {
  Random random(800);
  RecurrenceSpec spec = recurrence_of(cell_of(CellKind::lstm), kPrecisions[1], random).spec;
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

TEST_F(CudnnGradientParity, TheSecondOnesAreRecordedAndTheThirdReplayed) {
  Random random(900);
  const RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::gru), kPrecisions[1], random);
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
