/// A node of the runtime's graph as the readers of ONNX files know it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/onnx/message/onnx_message.h"
#include "rondo/formats/onnx_model.h"
#include "runtime.h"

namespace rondo::ort {

/// The domain of the operators LSTMStream, GRUStream and RNNStream.
inline constexpr const char* kStreamDomain = "rondo";

/// What the graph says of a node. Tensors are views of the runtime's memory, which hold for as long as the graph does.
struct GraphNode {
  std::string name = {};  ///< the node's name, or else the name of its first output
  OnnxNodeMessage message;
  std::vector<OnnxTensorMessage> constants = {};  ///< of its inputs, by name
};

/// The names of the inputs and outputs of a node; "" for those that the model leaves out.
struct NodeEnds {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

NodeEnds read_ends(const Runtime& runtime, const OrtNode& node);

/// A node that is recurrent or a stream; absent: another one, of which nothing else is read.
std::optional<GraphNode> read_graph_node(const Runtime& runtime, const OrtNode& node);

/// Whether a node is one of kStreamDomain.
inline bool is_stream(const GraphNode& node) { return node.message.domain == kStreamDomain; }

/// A node RNN, GRU, LSTM or DynamicQuantizeLSTM with its attributes and constants. OnnxNode::error says what is wrong.
OnnxNode recurrent_node(const GraphNode& node);

}  // namespace rondo::ort
