#include "device/first_light/light.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cuda/runtime/runtime.h"
#include "plan/planner.h"
#include "rondo/ops/ops.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/device_run.h"

namespace rondo::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A stalled run takes seconds, so this small number lets first_light report a stall before gpu-check ends the process.
constexpr int kRunsBetweenLooks = 3;

/// The tolerance. In f32 it covers sums of some hundred products and approximated activations; in 16 bits and TF32, the
/// roundings of h that reach an output. A word of h that is missing or a step old causes an error of some tenths.
double tolerance_of(const RecurrenceSpec& spec) {
  if (spec.math == MatrixMath::tf32) return 4e-3;
  switch (spec.dtype) {
    case DType::f16: return 4e-3;
    case DType::bf16: return 3e-2;
    default: return 2e-5;
  }
}

/// A session, its stream, and the tensors that it writes.
class LitSession {
 public:
  LitSession(const Plan& plan, const RandomRecurrence& recurrence) : stream_(plan.spec().device) {
    const StreamScope scope(stream_.get());
    const RecurrenceSpec& spec = plan.spec();
    const auto there = [&](const Tensor& tensor) { return tensor.to(spec.dtype).to(spec.device); };
    weights_ = recurrence.weights.map(there);
    const auto output = [&](const Shape& shape) { return Tensor::full(shape, kNaN, spec.dtype, spec.device); };
    tensors_ = {.x = there(recurrence.x),
                .y = output({spec.T, spec.B, spec.cell.units}),
                .last_output = output({spec.B, spec.cell.units})};
    for (int k = 0; k < state_count(spec.cell.kind); ++k) {
      tensors_.final_state.push_back(output({spec.B, state_units(spec.cell, k)}));
    }
    session_.emplace(plan, weights_, stream_.get());
  }

  void run() { session_->run(tensors_); }
  SessionStatus finish() { return session_->finish(); }

  RunResult take() const {
    const StreamScope scope(stream_.get());
    RunResult result{tensors_.y->to(cpu()), tensors_.last_output->to(cpu()), {}};
    for (const Tensor& state : tensors_.final_state) result.final_state.push_back(state.to(cpu()));
    return result;
  }

  void poison() const {
    const StreamScope scope(stream_.get());
    tensors_.y->fill(kNaN);
    tensors_.last_output->fill(kNaN);
    for (const Tensor& state : tensors_.final_state) state.fill(kNaN);
  }

 private:
  cuda_runtime::OwnedStream stream_;
  RecurrentWeights weights_;
  SessionTensors tensors_;
  std::optional<Session> session_;
};

using LitSessions = std::vector<std::unique_ptr<LitSession>>;

std::vector<std::pair<std::string, Tensor>> named(const RunResult& result) {
  std::vector<std::pair<std::string, Tensor>> tensors{{"y", result.y}, {"last_output", result.last_output}};
  for (std::size_t k = 0; k < result.final_state.size(); ++k) {
    tensors.emplace_back("final_state[" + std::to_string(k) + "]", result.final_state[k]);
  }
  return tensors;
}

void compare(const RunResult& actual, const RunResult& expected, double scale, Light& result) {
  const auto actual_tensors = named(actual);
  const auto expected_tensors = named(expected);
  for (std::size_t k = 0; k < expected_tensors.size(); ++k) {
    const auto& [name, wanted] = expected_tensors[k];
    const Tensor difference = sub(actual_tensors[k].second.to(DType::f64), wanted);
    result.error = std::max(result.error, largest_magnitude(difference) / scale);
    if (result.outcome != Outcome::right) continue;
    if (const auto close = within(actual_tensors[k].second, wanted, result.tolerance * scale); !close) {
      result.outcome = Outcome::wrong;
      result.explanation = "in " + name + ": " + close.message();
    }
  }
}

/// Whether a session has stalled. Records the stall in `result`, which then has no numbers.
bool any_stalled(const LitSessions& sessions, const std::string& when, Light& result) {
  for (const auto& session : sessions) {
    if (const SessionStatus status = session->finish(); status.stalled) {
      result.outcome = Outcome::stalled;
      result.stall = status.stall;
      result.explanation = "in " + when + ": " + to_string(status.stall);
      return true;
    }
  }
  return false;
}

bool are_identical(const RunResult& a, const RunResult& b) {
  const auto of_a = named(a);
  const auto of_b = named(b);
  for (std::size_t k = 0; k < of_a.size(); ++k) {
    if (!identical(of_a[k].second, of_b[k].second)) return false;
  }
  return true;
}

/// Microseconds of one run of each session. Runs are queued one after the other.
double timed(const LitSessions& sessions, int runs) {
  const auto begin = std::chrono::steady_clock::now();
  for (int run = 0; run < runs; ++run) {
    for (const auto& session : sessions) session->run();
  }
  for (const auto& session : sessions) (void)session->take();  // waits for the runs
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count() / runs;
}

/// Whether an error says that the device has no room for a kernel. A GPU tells its room for clusters only when a kernel
/// is prepared, and a failing device throws the same type.
bool is_refusal(const RuntimeError& error) {
  return std::string(error.what()).find("has no kernel that") != std::string::npos;
}

/// Runs and times the sessions until one stalls.
void run_often(const LitSessions& sessions, int runs, Light& result) {
  for (int run = 0; run < runs && result.outcome == Outcome::right; run += kRunsBetweenLooks) {
    const int count = std::min(runs - run, kRunsBetweenLooks);
    const double us = timed(sessions, count);
    result.us_per_run = run == 0 ? us : std::min(result.us_per_run, us);
    any_stalled(sessions, "runs " + std::to_string(run + 2) + " to " + std::to_string(run + 1 + count), result);
  }
}

}  // namespace

std::string to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::right: return "right";
    case Outcome::wrong: return "wrong";
    case Outcome::stalled: return "stalled";
    case Outcome::declined: return "declined";
  }
  return "unknown";
}

Light light(const RandomRecurrence& recurrence, const Executor& executor, const LightOptions& options) {
  const RecurrenceSpec& spec = recurrence.spec;
  Light result{.tolerance = tolerance_of(spec)};
  const RandomRecurrence exact = rounded(recurrence, {.executor = {}, .dtype = spec.dtype, .math = spec.math});
  const Plan plan = plan_for(executor, spec, properties_of(spec.device));
  LitSessions sessions;
  try {
    while (static_cast<int>(sessions.size()) < options.sessions) {
      sessions.push_back(std::make_unique<LitSession>(plan, exact));
    }
  } catch (const RuntimeError& error) {
    if (!is_refusal(error)) throw;
    return {.outcome = Outcome::declined, .explanation = error.what()};
  }
  for (const auto& session : sessions) session->run();
  if (any_stalled(sessions, "the first run", result)) return result;

  RandomRecurrence on_cpu = exact;
  on_cpu.spec.device = cpu();
  on_cpu.spec.math = MatrixMath::strict;
  const RunResult expected = run_on("reference", on_cpu, DType::f64);
  const double scale = scale_of(on_cpu, expected);
  std::vector<RunResult> first;
  for (const auto& session : sessions) {
    compare(first.emplace_back(session->take()), expected, scale, result);
    session->poison();
  }
  if (result.outcome != Outcome::right) return result;

  run_often(sessions, options.runs, result);
  if (result.outcome != Outcome::right) return result;
  for (std::size_t k = 0; k < sessions.size(); ++k) {
    if (are_identical(sessions[k]->take(), first[k])) continue;
    result.outcome = Outcome::wrong;
    result.explanation = "a further run did not give the bits of the first";
  }
  return result;
}

}  // namespace rondo::test
