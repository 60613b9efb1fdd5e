// The gradients of cuDNN's executors against the reference in f64 on the CPU, for every algorithm that cuDNN accepts,
// in every dtype and layout.

#include "agreement/parity/cudnn_gradients.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

constexpr std::array kAlgorithms{CudnnAlgorithm::standard, CudnnAlgorithm::persist_static,
                                 CudnnAlgorithm::persist_dynamic, CudnnAlgorithm::persist_static_small_h};

using CudnnGradientParity = CudnnGradients;

TEST_F(CudnnGradientParity, AreNearTheOracle) {
  std::uint64_t seed = 0;
  for (CellSpec cell : cells()) {
    for (const CudnnPrecision& precision : kCudnnPrecisions) {
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
  const RandomRecurrence recurrence = recurrence_of(relu, kCudnnPrecisions[0], random);
  const Upstream upstream = random_upstream(random, recurrence);
  expect_near(gradients_of(plan(recurrence.spec), recurrence, upstream), oracle_gradients(recurrence, upstream),
              upstream, kCudnnPrecisions[0].tolerance);
}

// Sizes of one, at which layouts look the same.
TEST_F(CudnnGradientParity, OfTheSmallestSizes) {
  for (const CudnnSizes& sizes : {CudnnSizes{.T = 1}, CudnnSizes{.B = 1}, CudnnSizes{1, 1, 1, 8}}) {
    Random random(100);
    const RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::gru), kCudnnPrecisions[0], random, sizes);
    SCOPED_TRACE(to_string(recurrence.spec));
    const Upstream upstream = random_upstream(random, recurrence);
    expect_near(gradients_of(plan(recurrence.spec), recurrence, upstream), oracle_gradients(recurrence, upstream),
                upstream, kCudnnPrecisions[0].tolerance);
  }
}

// cuDNN decides what each persistent algorithm accepts. An algorithm must be right wherever cuDNN accepts.
TEST_F(CudnnGradientParity, PersistentAlgorithmsWhereTheLibraryAccepts) {
  std::uint64_t seed = 200;
  for (const CudnnAlgorithm algorithm : kAlgorithms) {
    int accepted = 0;
    for (const std::int64_t H : {64, 128}) {
      for (CellSpec cell : cells(H)) {
        for (const CudnnPrecision& precision : kCudnnPrecisions) {
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

/// Weights that have changed, and gradients of weights in f32 where the spec has 16 bits.
TEST_F(CudnnGradientParity, AfterWeightsHaveChangedAndInF32) {
  Random random(600);
  RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::lstm), kCudnnPrecisions[3], random);
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
  const RandomRecurrence recurrence = recurrence_of(cell_of(CellKind::lstm), kCudnnPrecisions[0], random);
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

}  // namespace
}  // namespace rondo::test
