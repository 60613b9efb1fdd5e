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
  Tensor x;                    ///< (T, B, I) view of memory: time-major, batch-major, reversed or with gaps
  std::optional<Tensor> mask;  ///< (T, B) view
  std::optional<Tensor> lengths;
  std::vector<Tensor> initial_state;  ///< empty, or one tensor per state
  std::optional<Tensor> resets;       ///< (T, B) view
  std::vector<Tensor> reset_state;    ///< empty, or one tensor per state: (H) or (B, H)
  Tensor live;                        ///< (T, B) boolean by input time: mask and lengths combined
};

/// The sizes that a test wants; absent sizes are drawn.
struct WantedSizes {
  std::optional<std::int64_t> units = std::nullopt;
  std::optional<std::int64_t> B = std::nullopt;
  std::optional<std::int64_t> T = std::nullopt;
  std::optional<std::int64_t> I = std::nullopt;
  bool plain_cell = false;  ///< without peepholes, clips and a projection, and with basic activations
};

/// Gives a cell activations that not all executors have.
void draw_other_activations(Random& random, CellSpec& cell);

/// Gives an LSTM some variants: peepholes, clips that take effect, a projection.
void draw_lstm_variant(Random& random, CellSpec& cell);

/// Draws resets for the recurrence, and a state for them.
void draw_resets(Random& random, RandomRecurrence& recurrence);

/// Random weights of `cell` for I inputs, in f32.
RecurrentWeights random_weights(Random& random, const CellSpec& cell, std::int64_t I);

/// A random recurrence in f32. Dead positions of x hold NaN in some of the recurrences.
RandomRecurrence random_recurrence(Random& random, const WantedSizes& sizes = {});

/// The outputs of one run.
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

/// Runs a plan, which is for the recurrence in the plan's dtype and on its device. Outputs are filled with NaN first;
/// results are on the CPU.
RunResult run_plan(const Plan& plan, const RandomRecurrence& recurrence);

/// The largest magnitude that a run reads or writes, which is the scale of errors. Results alone are no scale: the sums
/// behind a gate round by their own size, and a gate may shrink their results to almost nothing.
double scale_of(const RandomRecurrence& recurrence, const RunResult& result);

/// Expects every result within `bound` of the expected one. Ignores a `y` that was not asked for.
void expect_close(const RunResult& actual, const RunResult& expected, double bound);

}  // namespace rondo::test
