#include "support/device_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "plan/planner.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/laid_out.h"

namespace rondo::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

constexpr double kF32Tolerance = 1e-5;

}  // namespace

// 16-bit numbers and TF32 get 4 and 2.5 units of roundoff: h is rounded at every step, and a cell without bounded
// activations amplifies the errors. TF32 has the 11 bits of f16.
double tolerance_of(const ParityCase& how, const RecurrenceSpec& spec) {
  if (how.math == MatrixMath::tf32) return 2e-3;
  if (how.math == MatrixMath::tf32x3) return std::max(kF32Tolerance, tf32x3_error(std::max(spec.cell.units, spec.I)));
  switch (how.dtype) {
    case DType::f64: return 1e-12;
    case DType::f32: return kF32Tolerance;
    case DType::f16: return 2e-3;
    default: return 1e-2;
  }
}

RecurrenceSpec spec_on_device(const RecurrenceSpec& spec, const DeviceRun& run) {
  RecurrenceSpec result = spec;
  result.dtype = run.how.dtype;
  result.math = run.how.math;
  result.device = run.device;
  return result;
}

namespace {

RecurrentWeights weights_on_device(const RecurrentWeights& weights, const DeviceRun& run) {
  return weights.map([&](const Tensor& weight) { return weight.to(run.how.dtype).to(run.device); });
}

/// The tensors of a run, in memory on the device.
class DeviceTensors {
 public:
  DeviceTensors(const RandomRecurrence& recurrence, const DeviceRun& run)
      : random_(run.layout_seed), dense_(run.layout_seed == 0), device_(run.device) {
    const RecurrenceSpec& spec = recurrence.spec;
    const DType dtype = run.how.dtype;
    tensors.x = lay_out(recurrence.x.to(dtype), inputs_).rows();
    if (recurrence.mask) tensors.mask = lay_out(recurrence.mask->insert_axis(2), inputs_).rows().select(2, 0);
    if (recurrence.lengths) {
      tensors.lengths = lay_out(recurrence.lengths->insert_axis(0).insert_axis(2), inputs_).row().select(1, 0);
    }
    if (recurrence.resets) tensors.resets = lay_out(recurrence.resets->insert_axis(2), inputs_).rows().select(2, 0);
    for (const Tensor& state : recurrence.reset_state) {
      const bool one_row = state.rank() == 1;
      const Tensor rows = one_row ? state.insert_axis(0) : state;
      const Tensor laid_out = lay_out(rows.to(dtype).insert_axis(0), inputs_).row();
      tensors.reset_state.push_back(one_row ? laid_out.select(0, 0) : laid_out);
    }
    for (const Tensor& state : recurrence.initial_state) {
      tensors.initial_state.push_back(lay_out(state.to(dtype).insert_axis(0), inputs_).row());
    }
    const auto nans = [&](std::int64_t steps, std::int64_t units) {
      return Tensor::full({steps, spec.B, units}, kNaN, dtype);
    };
    const std::int64_t features = output_units(spec.cell);
    if (random_.coin(0.9)) tensors.y = lay_out(nans(spec.T, features), outputs_).rows();
    tensors.last_output = lay_out(nans(1, features), outputs_).row();
    for (int k = 0; k < state_count(spec.cell.kind); ++k) {
      tensors.final_state.push_back(lay_out(nans(1, state_units(spec.cell, k)), outputs_).row());
    }
  }

  void poison() const {
    for (const LaidOut& output : outputs_) output.rows().fill(kNaN);
  }

  RunResult take() const {
    RunResult result{tensors.y ? tensors.y->to(cpu()).clone() : Tensor(), tensors.last_output->to(cpu()).clone(), {}};
    for (const Tensor& state : tensors.final_state) result.final_state.push_back(state.to(cpu()).clone());
    for (const LaidOut& output : outputs_) EXPECT_TRUE(output.gaps_are_untouched()) << "written between rows";
    return result;
  }

  SessionTensors tensors;

 private:
  const LaidOut& lay_out(const Tensor& values, std::vector<LaidOut>& group) {
    return group.emplace_back(values, dense_ ? RowLayout{} : random_layout(random_), device_);
  }

  Random random_;
  const bool dense_;
  const Device device_;
  std::vector<LaidOut> inputs_;
  std::vector<LaidOut> outputs_;
};

Tensor rounded_to_tf32(const Tensor& tensor) {
  constexpr std::uint32_t kDropped = (1U << 13) - 1;  // TF32 keeps 10 of 23 bits of fraction
  Tensor result = tensor.clone();
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    float& value = result.data<float>()[i];
    if (std::isfinite(value)) value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & ~kDropped);
  }
  return result;
}

double largest_error(const Tensor& actual, const Tensor& expected) {
  if (!actual.defined()) return 0;
  return largest_magnitude(sub(actual.to(DType::f64), expected.to(DType::f64)));
}

}  // namespace

RunResult run_on_device(const RandomRecurrence& recurrence, const DeviceRun& run) {
  const RecurrenceSpec spec = spec_on_device(recurrence.spec, run);
  const PlanOptions options{.executor = run.how.executor, .graph_use = run.graph_use};
  const Plan plan = run.executor == nullptr ? Plan::create(spec, options)
                                            : plan_for(*run.executor, spec, properties_of(spec.device), options);
  Session session(plan, weights_on_device(recurrence.weights, run));
  const DeviceTensors tensors(recurrence, run);
  for (int repeat = 0; repeat < run.repeats; ++repeat) {
    tensors.poison();
    session.run(tensors.tensors);
  }
  RunResult result = tensors.take();  // before the session repeats a stalled run
  const SessionStatus status = session.finish();
  EXPECT_FALSE(status.stalled) << to_string(status.stall);
  return result;
}

RandomRecurrence rounded(RandomRecurrence recurrence, const ParityCase& how) {
  if (how.math != MatrixMath::tf32) return rounded(std::move(recurrence), how.dtype);
  recurrence.x = rounded_to_tf32(recurrence.x);
  recurrence.weights = recurrence.weights.map(rounded_to_tf32);
  for (Tensor& state : recurrence.initial_state) state = rounded_to_tf32(state);
  return recurrence;
}

namespace {

double largest_error_of(const RunResult& actual, const RunResult& expected) {
  double error = std::max(largest_error(actual.y, expected.y), largest_error(actual.last_output, expected.last_output));
  for (std::size_t k = 0; k < expected.final_state.size(); ++k) {
    error = std::max(error, largest_error(actual.final_state[k], expected.final_state[k]));
  }
  return error;
}

}  // namespace

double relative_error(const RandomRecurrence& recurrence, const DeviceRun& run) {
  const RunResult expected = run_on("reference", recurrence, DType::f64);
  const double error = largest_error_of(run_on_device(recurrence, run), expected);
  const double scale = scale_of(recurrence, expected);
  return scale == 0 ? error : error / scale;
}

void expect_parity(const RandomRecurrence& recurrence, const DeviceRun& run) {
  SCOPED_TRACE(run.how.executor + ", " + to_string(run.how.dtype) + ", " + to_string(run.how.math));
  const RandomRecurrence exact = rounded(recurrence, run.how);
  const RunResult expected = run_on("reference", exact, DType::f64);
  const double scale = scale_of(exact, expected);
  const RunResult actual = run_on_device(exact, run);
  expect_close(actual, expected, tolerance_of(run.how, recurrence.spec) * scale);
  const double error = largest_error_of(actual, expected);
  record_parity(run.how, scale == 0 ? error : error / scale);
}

}  // namespace rondo::test
