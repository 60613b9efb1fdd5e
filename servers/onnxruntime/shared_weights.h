/// Weights of nodes, which all sessions of the process share that have the same.
#pragma once

#include <memory>

#include "formats/onnx/onnx_node_weights.h"

namespace rondo::ort {

/// The weights of a node in Rondo's layout, in memory of their own: those that another node of the process has, where
/// the operators and all weights are equal, byte for byte. Throws as onnx_cells.
std::shared_ptr<const OnnxNodeWeights> shared_weights(const OnnxOperator& op, const OnnxWeights& weights);

}  // namespace rondo::ort
