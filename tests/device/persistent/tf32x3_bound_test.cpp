// The tolerance of tf32x3 on tensor cores that truncate sums.

#include <gtest/gtest.h>

#include <cmath>

#include "cuda/persistent/persistent_executor.h"
#include "device/simt/tensor_core_rounding.h"
#include "support/device_run.h"

namespace rondo::test {
namespace {

using Executors = std::vector<std::unique_ptr<const Executor>>;

constexpr std::int64_t kUnits = 500;

/// A candidate for a device with as many multiprocessors as the simulated device runs blocks at once.
std::unique_ptr<const Executor> grid_candidate(const RandomRecurrence& recurrence, const DeviceRun& run) {
  DeviceProperties properties = properties_of(run.device);
  properties.processors = 16;
  Executors executors = persistent_alternatives(spec_on_device(recurrence.spec, run), properties, PersistentKind::grid);
  return executors.empty() ? nullptr : std::move(executors.front());
}

double error_of(const RandomRecurrence& recurrence, MatrixMath math) {
  DeviceRun run{.how = {"cuda_grid", DType::f32, math}, .device = cuda(0)};
  const auto executor = grid_candidate(recurrence, run);
  if (executor == nullptr) {
    ADD_FAILURE() << "no way for " << to_string(recurrence.spec);
    return 0;
  }
  run.executor = executor.get();
  return relative_error(recurrence, run);
}

RandomRecurrence recurrence_of(CellKind cell, std::uint64_t seed) {
  for (;; seed += 1000) {
    Random random(seed);
    RandomRecurrence drawn = random_recurrence(random, {.units = kUnits, .B = 2, .T = 3, .plain_cell = true});
    if (drawn.spec.cell.kind == cell) return drawn;
  }
}

/// The recurrence with positive numbers alone, so that all truncation errors add up.
RandomRecurrence without_signs(RandomRecurrence recurrence) {
  const auto positive = [](const Tensor& tensor) {
    Tensor result = tensor.contiguous().clone();
    for (std::int64_t i = 0; i < result.numel(); ++i) result.data<float>()[i] = std::abs(result.data<float>()[i]);
    return result;
  };
  recurrence.weights = recurrence.weights.map(positive);
  for (Tensor& state : recurrence.initial_state) state = positive(state);
  return recurrence;
}

TEST(Tf32x3Bound, HoldsWhereTensorCoresCutOffAndTf32ExceedsIt) {
  for (const CellKind cell : {CellKind::lstm, CellKind::gru, CellKind::simple_rnn}) {
    for (const bool signs : {true, false}) {
      RandomRecurrence recurrence = recurrence_of(cell, signs ? 1 : 2);
      if (!signs) recurrence = without_signs(recurrence);
      SCOPED_TRACE(to_string(recurrence.spec) + (signs ? "" : ", without signs"));
      const double bound = tolerance_of({"cuda_grid", DType::f32, MatrixMath::tf32x3}, recurrence.spec);
      EXPECT_GT(bound, 1e-5);
      EXPECT_LT(bound, 2e-3 / 20) << "far from TF32's";
      const simt::TruncatingTensorCores truncating;
      const double error = error_of(recurrence, MatrixMath::tf32x3);
      EXPECT_LT(error, bound);
      EXPECT_GT(error_of(recurrence, MatrixMath::tf32), bound);
      RecordProperty("error_" + to_string(cell) + (signs ? "" : "_positive"), std::to_string(error));
    }
  }
}

TEST(Tf32x3Bound, IsNeverBelowThatOfF32) {
  const auto bound = [](std::int64_t H, std::int64_t I) {
    return tolerance_of({"cuda_grid", DType::f32, MatrixMath::tf32x3}, {.cell = {.units = H}, .I = I});
  };
  EXPECT_EQ(bound(8, 8), 1e-5);
  EXPECT_GT(bound(500, 8), 1e-5);
  EXPECT_EQ(bound(500, 8), bound(8, 500)) << "the longest sum counts";
  EXPECT_LT(bound(4096, 8), 2e-3 / 10);
}

}  // namespace
}  // namespace rondo::test
