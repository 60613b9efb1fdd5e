/// Random recurrences: a spec and all tensors of a run, drawn so that every field of Schedule takes every value.
#pragma once

#include <optional>
#include <vector>

#include "rondo/plan/plan.h"
#include "support/random.h"

namespace rondo::test {

struct RandomRecurrence {
  RecurrenceSpec spec;
  RecurrentWeights weights;
  Tensor x;                    ///< (T, B, I) view: time-major, batch-major, reversed or with gaps
  std::optional<Tensor> mask;  ///< (T, B) view
  std::optional<Tensor> lengths;
  std::vector<Tensor> initial_state;  ///< empty or one per state
  Tensor live;                        ///< (T, B) boolean by input time: what mask and lengths say together
};

/// Sizes that a test wants; what is absent is drawn.
struct WantedSizes {
  std::optional<std::int64_t> units = std::nullopt;
  std::optional<std::int64_t> B = std::nullopt;
  std::optional<std::int64_t> T = std::nullopt;
  std::optional<std::int64_t> I = std::nullopt;
  bool plain_cell = false;  ///< without peepholes, clips and a projection
};

/// Gives an LSTM some of what it may have besides: peepholes, clips that are reached, a projection.
void draw_lstm_variant(Random& random, CellSpec& cell);

/// Weights of `cell` for I inputs, in f32.
RecurrentWeights random_weights(Random& random, const CellSpec& cell, std::int64_t I);

/// Everything in f32. Dead positions of x hold NaN in some of them.
RandomRecurrence random_recurrence(Random& random, const WantedSizes& sizes = {});

/// What one run writes.
struct RunResult {
  Tensor y;  ///< (T, B, P or H)
  Tensor last_output;
  std::vector<Tensor> final_state;
};

/// All numbers rounded to what `dtype` holds, and in f32 again: what is left of an error is the executor's own.
RandomRecurrence rounded(RandomRecurrence recurrence, DType dtype);

/// Runs on the named executor in `dtype` (weights, x and states converted). Outputs are filled with NaN first, so that
/// an element that is not written shows.
RunResult run_on(const std::string& executor, const RandomRecurrence& recurrence, DType dtype);

/// The same with a plan, which is for the recurrence in the plan's dtype and on its device. Results are on the CPU.
RunResult run_plan(const Plan& plan, const RandomRecurrence& recurrence);

/// Largest magnitude of what a run reads and writes. Errors are measured against it, not against the results alone: the
/// sums behind a gate round by their own size, and a gate may shrink what they make to next to nothing.
double scale_of(const RandomRecurrence& recurrence, const RunResult& result);

/// Every result within `bound` of the expected one. A `y` that was not asked for is not looked at.
void expect_close(const RunResult& actual, const RunResult& expected, double bound);

}  // namespace rondo::test
