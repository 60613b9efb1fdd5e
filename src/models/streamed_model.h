/// A model of causal layers that reads one time step at a time.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "models/layered_model.h"

namespace rondo {

/// The program of a stream and the states of its calls. Uses the layers of `model`, which outlives it.
class StreamedModel {
 public:
  /// Throws `ValueError` naming the layer that needs the whole sequence, and for a model whose inputs have no time.
  explicit StreamedModel(const LayeredModel& model);

  /// Inputs and outputs of one step: those that have a time axis, with a size of 1.
  void step(std::span<const MaskedTensor> given, std::span<MaskedTensor> results) const {
    program_.run(given, results, streams_);
  }
  void reset();
  /// The states of all calls, as StreamedCall::states.
  std::vector<Tensor> states() const;

  /// What is known of the inputs, with a time axis of 1 where they have time.
  const std::vector<TensorNote>& inputs() const { return inputs_; }
  /// Whether an input, or an output, has a time axis.
  const std::vector<bool>& timed_inputs() const { return timed_inputs_; }
  const std::vector<bool>& timed_outputs() const { return timed_outputs_; }

 private:
  std::vector<TensorNote> inputs_;
  std::vector<bool> timed_inputs_;
  std::vector<bool> timed_outputs_;
  ModelProgram program_;
  std::vector<std::unique_ptr<StreamedCall>> streams_;
};

}  // namespace rondo
