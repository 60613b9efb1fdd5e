/// The attributes of a recurrent ONNX node.
#pragma once

#include <string>
#include <vector>

#include "formats/onnx/message/onnx_message.h"
#include "rondo/formats/onnx_model.h"

namespace rondo {

/// Parses the attributes of a node. Throws `ValueError` naming `where` and the attribute as parse_onnx.
OnnxOperator parse_onnx_operator(const OnnxNodeMessage& node, CellKind kind, const std::string& where);

/// The functions of each direction: those of `op`, or the operator's defaults. Throws `ValueError` if `op` has
/// functions for another number of directions.
std::vector<OnnxActivations> activations_of(const OnnxOperator& op);

/// Throws `ValueError` as onnx_cells unless all weights fit each other and the operator. Returns H.
std::int64_t check_onnx_weights(const OnnxOperator& op, const OnnxWeights& weights);

}  // namespace rondo
