/// The loop behind every API that calls a step function, and behind layers of cells that no executor knows.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "layers/loop/sequence_arguments.h"
#include "rondo/keras/rnn.h"
#include "rondo/recurrence/time_rules.h"

namespace rondo {

/// What the APIs set differently in the loop. Mask and lengths have been checked; a row needs both to be live.
struct LoopOptions {
  /// DeadOutput::incoming_state needs an output like the first state, unless all rows are live: else `ValueError`.
  TimeRules rules = {};
  Tensor mask = {};     ///< (T, B) booleans by input time; undefined: none
  Tensor lengths = {};  ///< (B,) of i32 or i64 in 0 .. T, on any device; undefined: every row has T steps
  bool return_all_outputs = true;
  bool unroll = false;
  std::shared_ptr<StepGraphs> graphs = nullptr;
  Constants constants = {};
  /// The shape and dtype of one step's output, for T = 0; where it is absent the first state stands for it.
  std::optional<Nest> output = std::nullopt;
  /// Of the known cells that the step calls: a graph recorded with one is not replayed for another.
  std::string executor = {};
};

/// Throws `ValueError` for states as rnn() does. Where rows are reversed within their lengths the host reads the
/// lengths.
RnnResult run_loop(const StepFunction& step, const CheckedSequence& sequence, const States& initial_states,
                   const LoopOptions& options);

/// live ? fresh : kept, leaf by leaf; `live` is (B,). A leaf of rank 0 has no rows that could be dead.
Nest select_live(const Tensor& live, const Nest& fresh, const Nest& kept);

}  // namespace rondo
