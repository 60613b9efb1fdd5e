/// The attributes of a recurrent ONNX node.
#pragma once

#include <onnx.pb.h>

#include <string>
#include <vector>

#include "rondo/formats/onnx_model.h"

namespace rondo {

/// Throws `ValueError` naming `where` and the attribute as parse_onnx.
OnnxOperator parse_onnx_operator(const onnx_format::Node& node, CellKind kind, const std::string& where);

/// Those of each direction: the operator's own, or the defaults. Throws `ValueError` when they are not as many as the
/// directions.
std::vector<OnnxActivations> activations_of(const OnnxOperator& op);

}  // namespace rondo
