/// What a Model consists of.
#pragma once

#include <span>
#include <vector>

#include "models/layered_model.h"
#include "rondo/models/model.h"

namespace rondo {

struct Model::Impl {
  Impl(const KerasModel& contents, const ModelOptions& options);

  /// The caller's inputs in the form of the notes, on the model's device.
  std::vector<MaskedTensor> arguments(std::span<const Tensor> given, std::span<const TensorNote> expected) const;

  LayeredModel layers;
  std::vector<TensorNote> notes;  ///< of the inputs
  ModelProgram program;
  /// For each input, whether it stays where it is: numbers that Embeddings alone read are looked up on the host.
  std::vector<bool> stays;
  std::vector<ModelTensor> inputs;
  std::vector<ModelTensor> outputs;
};

}  // namespace rondo
