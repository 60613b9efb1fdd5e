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
  std::vector<ModelTensor> inputs;
  std::vector<ModelTensor> outputs;
};

}  // namespace rondo
