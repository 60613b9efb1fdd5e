/// One direction of one layer of a PyTorch module.
#pragma once

#include <string>

#include "formats/weights/pytorch_tensors.h"
#include "rondo/formats/pytorch_weights.h"

namespace rondo {

/// What stands behind "weight_ih": "_l1_reverse"; nothing for a cell.
std::string pytorch_suffix(const PytorchLayer& layer);

/// pytorch_weights of `layer`, whose prefix is that of `tensors`.
RecurrentWeights read_pytorch_layer(const PytorchTensors& tensors, const PytorchLayer& layer);

}  // namespace rondo
