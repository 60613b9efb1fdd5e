/// The loop over time of all APIs that call a step function, and of layers of cells that no executor knows.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "layers/loop/sequence_arguments.h"
#include "rondo/keras/rnn.h"
#include "rondo/recurrence/time_rules.h"

namespace rondo {

/// The settings of the loop, which differ by API. The caller has checked mask and lengths; a row is live where both say
/// so.
struct LoopOptions {
  /// With DeadOutput::incoming_state and a mask or lengths, the output must be like the first state: else `ValueError`.
  TimeRules rules = {};
  Tensor mask = {};         ///< (T, B) booleans by input time; undefined: none
  Tensor lengths = {};      ///< (B,) of i32 or i64 in 0 .. T, on any device; undefined: every row has T steps
  Tensor resets = {};       ///< (T, B) booleans by input time; undefined: none
  States reset_state = {};  ///< what a reset replaces the states by, as rnn() has it; empty: zeros
  bool return_all_outputs = true;
  bool unroll = false;
  std::shared_ptr<StepGraphs> graphs = nullptr;
  Constants constants = {};
  /// A tensor of the shape and dtype of one step's output, for T = 0; if absent, the first state is used.
  std::optional<Nest> output = std::nullopt;
  /// The executor of the known cells that the step calls: a graph recorded with one executor is not replayed for
  /// another.
  std::string executor = {};
};

/// Runs the loop. Throws `ValueError` as rnn() for states and for what the step returns. The host reads the lengths if
/// rows are reversed within them.
RnnResult run_loop(const StepFunction& step, const CheckedSequence& sequence, const States& initial_states,
                   const LoopOptions& options);

}  // namespace rondo
