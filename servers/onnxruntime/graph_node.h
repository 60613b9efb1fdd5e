/// A node of the runtime's graph as the readers of ONNX files know it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "formats/onnx/message/onnx_message.h"
#include "node_message.h"
#include "rondo/formats/onnx_model.h"
#include "runtime.h"

namespace rondo::ort {

/// The domain of the operators LSTMStream, GRUStream and RNNStream.
inline constexpr const char* kStreamDomain = "rondo";

/// A node that computes a weight of another one, or what such a node reads.
struct NodeBefore {
  const OrtNode* node = nullptr;
  OnnxNodeMessage message;
};

/// What the graph says of a node. Tensors are views of the runtime's memory, which hold for as long as the graph does.
struct GraphNode {
  const OrtNode* node = nullptr;
  std::string name = {};  ///< the node's name, or else the name of its first output
  OnnxNodeMessage message;
  /// What stands between the weights and the constants that they follow from, such as DequantizeLinear: of the same
  /// graph, and also nodes that nothing is known of before the model runs.
  std::vector<NodeBefore> before = {};
  std::vector<OnnxTensorMessage> constants = {};  ///< of the inputs of all these nodes, by name
  std::int64_t opset = 0;                         ///< of the standard operators
};

/// A node that is recurrent or a stream; absent: another one, of which nothing else is read.
std::optional<GraphNode> read_graph_node(const Runtime& runtime, const OrtNode& node);

/// Whether a node is one of kStreamDomain.
inline bool is_stream(const GraphNode& node) { return node.message.domain == kStreamDomain; }

/// Whether an input is the constant of this name.
bool holds(const GraphNode& node, const std::string& input);

/// The name of a value that a node of `before` makes and that is not for the weights of `node` alone; "" if there is
/// none. Without one, Rondo may take all of these nodes.
std::string shared_value(const Runtime& runtime, const GraphNode& node);

/// A node RNN, GRU, LSTM or DynamicQuantizeLSTM with its attributes and constants, weights behind `before` included.
/// OnnxNode::error says what is wrong.
OnnxNode recurrent_node(const GraphNode& node);

}  // namespace rondo::ort
