/// Nodes and constants of the runtime's graph as messages of ONNX. Tensors are views of the runtime's memory, which
/// hold for as long as the graph does, unless it is said otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/onnx/message/onnx_message.h"
#include "runtime.h"

namespace rondo::ort {

/// Inputs or outputs of a node; null for those that the model leaves out.
using Values = std::vector<const OrtValueInfo*>;

Values inputs_of(const Runtime& runtime, const OrtNode& node);
Values outputs_of(const Runtime& runtime, const OrtNode& node);

/// The name of a value; "" for one that the model leaves out.
std::string name_of_value(const Runtime& runtime, const OrtValueInfo* value);

/// The names of the inputs and outputs of a node; "" for those that the model leaves out.
struct NodeEnds {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

NodeEnds read_ends(const Runtime& runtime, const OrtNode& node);

/// The operator and its domain, and nothing else.
OnnxNodeMessage operator_message(const Runtime& runtime, const OrtNode& node);

/// A node without the bodies in its attributes. Tensors in them are copies.
OnnxNodeMessage node_message(const Runtime& runtime, const OrtNode& node);

/// A constant initializer; absent for another value.
std::optional<OnnxTensorMessage> constant_message(const Runtime& runtime, const OrtValueInfo& value);

/// The version of the standard operators in the model of a node; 0 where it has none.
std::int64_t standard_opset(const Runtime& runtime, const OrtNode& node);

}  // namespace rondo::ort
