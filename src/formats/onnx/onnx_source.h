/// The messages of a model that was read, which its tensors are read from later.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "formats/onnx/folding/folder.h"
#include "formats/onnx/folding/graph_scopes.h"
#include "formats/onnx/message/onnx_message.h"

namespace rondo {

/// Never changes once the model is read: threads share it.
struct OnnxSource {
  OnnxModelMessage message;
  std::string file;
  std::int64_t opset = 0;
  std::map<std::string, const OnnxTensorMessage*> initializers = {};  ///< by path and name
};

/// A recurrent node where it stands.
struct OnnxPlacedNode {
  OnnxScope* scope = nullptr;
  const OnnxNodeMessage* node = nullptr;
  CellKind kind = CellKind::lstm;
};

/// The kind of a recurrent node; no value for another node.
std::optional<CellKind> recurrent_kind(const OnnxNodeMessage& node);

/// Whether a node is com.microsoft.DynamicQuantizeLSTM.
bool is_quantized_lstm(const OnnxNodeMessage& node);

/// The recurrent nodes of the main graph, of bodies and of functions, in the order of the graph.
std::vector<OnnxPlacedNode> recurrent_nodes(OnnxScopes& scopes);

/// Reads a node. What is wrong with it is in `error` of the result.
OnnxNode read_node(const OnnxPlacedNode& placed, Folder& folder, const std::string& file);

}  // namespace rondo
