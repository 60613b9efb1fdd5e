/// Recurrences that cuDNN accepts, whose runs keep what its gradients need.
#pragma once

#include <gtest/gtest.h>

#include <array>

#include "cuda/cudnn/cudnn_support.h"
#include "support/device_under_test.h"
#include "support/gradient_run.h"

namespace rondo::test {

struct CudnnPrecision {
  DType dtype = DType::f32;
  MatrixMath math = MatrixMath::strict;
  double tolerance = 0;  ///< as expect_near takes it
};

// How cuDNN rounds what it keeps is its own affair: a gradient in the wrong place would be wrong by much more.
inline constexpr std::array kCudnnPrecisions{
    CudnnPrecision{DType::f64, MatrixMath::strict, 1e-10}, CudnnPrecision{DType::f32, MatrixMath::strict, 5e-5},
    CudnnPrecision{DType::f32, MatrixMath::tf32, 1e-2}, CudnnPrecision{DType::f16, MatrixMath::strict, 1e-2},
    CudnnPrecision{DType::bf16, MatrixMath::strict, 5e-2}};

struct CudnnSizes {
  std::int64_t T = 5;
  std::int64_t B = 3;
  std::int64_t I = 4;
  std::int64_t H = 8;
};

class CudnnGradients : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_THROW(check_device(device())); }

  static Device device() { return device_under_test(); }

  /// A recurrence that cuDNN accepts, whose runs keep what gradients need.
  static RandomRecurrence recurrence_of(const CellSpec& cell, const CudnnPrecision& precision, Random& random,
                                        const CudnnSizes& sizes = {}) {
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

}  // namespace rondo::test
