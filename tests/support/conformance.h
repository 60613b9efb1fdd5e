/// Tests that every executor has to pass. A TEST_P(Conformance, ...) runs for each row of conformance_cases(), and a
/// new executor joins all of these tests with one row for each of its dtypes. A program instantiates them once, with
/// RONDO_INSTANTIATE_CONFORMANCE.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "cpu/fused/target.h"
#include "rondo/plan/plan.h"
#include "rondo/recurrence/quantized.h"
#include "support/compare.h"
#include "support/executors.h"
#include "support/random_recurrence.h"

namespace rondo::test {

struct ConformanceCase {
  std::string executor;
  Device device;
  DType dtype;
  /// Bound of the error against the reference in f64, relative to the largest value that a run reads or writes.
  double tolerance;
  MatrixMath math = MatrixMath::strict;

  /// Whether plans of few rows and of many may have different kernels, so that bits depend on the plan's B.
  bool depends_on_rows() const {
    const bool may_split = dtype == DType::f16 || math == MatrixMath::bf16x3;
    return executor == "cpu_fused" && may_split && fused::best_kernels().tiles != nullptr;
  }

  /// The dtype to which operands are rounded before a run, so that what is left of an error is the executor's own.
  DType operand() const { return math == MatrixMath::bf16 ? DType::bf16 : dtype; }
};

inline std::vector<ConformanceCase> conformance_cases() {
  std::vector<ConformanceCase> cases{
      {"cpu_fused", cpu(), DType::f32, 1e-5},
      {"cpu_fused", cpu(), DType::f16, 1e-3},
      {"cpu_fused", cpu(), DType::bf16, 8e-3},
      {"reference", cpu(), DType::f64, 1e-12},
      {"reference", cpu(), DType::f32, 1e-5},
      {"reference", cpu(), DType::f16, 1e-3},
      {"reference", cpu(), DType::bf16, 8e-3},
      {"cpu_fused", cpu(), DType::f32, 8e-3, MatrixMath::bf16},
      {"cpu_fused", cpu(), DType::f32, 2e-2, MatrixMath::int8},
  };
  if (fused::best_kernels().tiles != nullptr) {  // elsewhere its products are strict
    cases.push_back({"cpu_fused", cpu(), DType::f32, 1e-4, MatrixMath::bf16x3});
  }
  return cases;
}

/// "cpu_fused_f32", "cpu_fused_f32_bf16" with products of bf16: the end of a test's name.
inline std::string to_string(const ConformanceCase& which) {
  const std::string name = which.executor + "_" + to_string(which.dtype);
  return which.math == MatrixMath::strict ? name : name + "_" + to_string(which.math);
}

/// The recurrence with numbers that the case's products take as they are, but for the scales of rows in 8 bits.
inline RandomRecurrence for_products(const ConformanceCase& which, RandomRecurrence recurrence) {
  if (which.math != MatrixMath::int8) return rounded(std::move(recurrence), which.operand());
  recurrence.weights = dequantize(quantize(recurrence.weights));
  return recurrence;
}

inline void PrintTo(const ConformanceCase& which, std::ostream* stream) { *stream << to_string(which); }

/// `spec` on the case's device, in its dtype and with its products.
inline RecurrenceSpec asked_spec(const ConformanceCase& which, RecurrenceSpec spec) {
  spec.device = which.device;
  spec.dtype = which.dtype;
  spec.math = which.math;
  return spec;
}

class Conformance : public ::testing::TestWithParam<ConformanceCase> {
 protected:
  void SetUp() override {
    if (is_left_out(GetParam().executor)) GTEST_SKIP() << "RONDO_TEST_WITHOUT names " << GetParam().executor;
  }

  /// The plan of `spec` by the case's executor, on its device and in its dtype.
  static Plan plan(const RecurrenceSpec& spec) {
    return Plan::create(asked_spec(GetParam(), spec), {.executor = GetParam().executor});
  }
};

}  // namespace rondo::test

#define RONDO_INSTANTIATE_CONFORMANCE()                                                            \
  INSTANTIATE_TEST_SUITE_P(, Conformance, ::testing::ValuesIn(::rondo::test::conformance_cases()), \
                           [](const auto& instance) { return ::rondo::test::to_string(instance.param); })
