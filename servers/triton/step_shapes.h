/// How the inputs and outputs of a configuration lie in time.
#pragma once

#include <cstdint>

#include "model_config.h"
#include "rondo/formats/loaded_network.h"

namespace rondo::triton {

/// Of an input of a network, `dims: [ I ]` is one step, and `dims: [ T, I ]` a number of them, with T or -1. Of an
/// output, `dims: [ O ]` is the last step of a request, and `dims: [ T, O ]` has all of them.
struct StepShapes {
  bool input_has_time = false;
  bool output_has_time = false;
  std::int64_t T = -1;  ///< of every request; -1: requests choose it

  /// Steps of a request, whose input has this shape with its batch.
  std::int64_t steps(std::span<const std::int64_t> shape) const { return input_has_time ? shape[1] : 1; }
};

/// Throws `ValueError` naming the input or output of `config` that does not fit `network`.
StepShapes step_shapes(const ModelConfig& config, const LoadedNetwork& network);

}  // namespace rondo::triton
