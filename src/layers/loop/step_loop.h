/// The loop behind every API that calls a step function, and behind layers of cells that no executor knows.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "recurrence/schedule.h"
#include "rondo/keras/rnn.h"

namespace rondo {

/// How the loop goes, for arguments that have been checked: what the APIs set differently.
struct LoopOptions {
  ReadOrder read_order = ReadOrder::forward;  ///< forward or reversed: the same for every row
  WriteOrder write_order = WriteOrder::processing;
  /// `incoming_state` wants an output like the first state, unless all rows are live: else `ValueError`.
  DeadOutput dead_output = DeadOutput::previous_output;
  Tensor live = {};  ///< (T, B) booleans by input time; undefined: every row is always live
  bool time_major = false;
  bool return_all_outputs = true;
  bool unroll = false;
  std::shared_ptr<StepGraphs> graphs = nullptr;
  Constants constants = {};
  /// The shape and dtype of one step's output, for T = 0; where it is absent the first state stands for it.
  std::optional<Nest> output = std::nullopt;
  /// Of the known cells that the step calls: a graph recorded with one is not replayed for another.
  std::string executor = {};
};

/// What a layer tells rnn() besides its options: see LoopOptions.
struct LayerLoop {
  std::optional<Nest> output = std::nullopt;
  std::string executor = {};
};

/// Throws `ValueError` for inputs and states as rnn() does.
RnnResult run_loop(const StepFunction& step, const Nest& inputs, const States& initial_states,
                   const LoopOptions& options);

/// rnn() of a layer.
RnnResult run_steps(const StepFunction& step, const Nest& inputs, const States& initial_states,
                    const RnnOptions& options, const LayerLoop& layer);

/// live ? fresh : kept, leaf by leaf; `live` is (B,). A leaf of rank 0 has no rows that could be dead.
Nest select_live(const Tensor& live, const Nest& fresh, const Nest& kept);

}  // namespace rondo
