#include "graph_node.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "formats/onnx/folding/fold_call.h"
#include "formats/onnx/onnx_source.h"
#include "rondo/vocabulary/error.h"

namespace rondo::ort {
namespace {

/// More nodes than exporters write between the weights of a node and constants.
constexpr std::size_t kMostBefore = 256;

/// Whether input `k` is one of W, R and B, or P or a scale or a zero point behind the states.
bool is_weight(const GraphNode& node, std::size_t k) { return (k >= 1 && k <= 3) || (!is_stream(node) && k >= 7); }

/// Takes away the default that the runtime has written into an RNN without functions: it has those of two directions.
void drop_default_activations(OnnxNodeMessage& node) {
  if (node.op_type.rfind("RNN", 0) != 0) return;
  const std::vector<std::string> both{"Tanh", "Tanh"};
  std::erase_if(node.attributes, [&](const OnnxAttributeMessage& attribute) {
    return attribute.name == "activations" && attribute.strings == both;
  });
}

/// Reads the nodes before the weights of a node, and the constants of all.
class Reader {
 public:
  Reader(const Runtime& runtime, GraphNode& result) : runtime_(runtime), result_(result) {}

  void read() {
    const Values inputs = inputs_of(runtime_, *result_.node);
    std::vector<const OrtValueInfo*> open;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      if (!add_constant(inputs[k]) && is_weight(result_, k)) open.push_back(inputs[k]);
    }
    while (!open.empty()) {
      const OrtNode* const made_by = new_producer(open.back());
      open.pop_back();
      if (made_by == nullptr) continue;
      result_.before.push_back({.node = made_by, .message = node_message(runtime_, *made_by)});
      const OnnxNodeMessage& message = result_.before.back().message;
      if (!is_standard_onnx(message.domain) || fold_function(message.op_type) == nullptr) continue;
      for (const OrtValueInfo* const value : inputs_of(runtime_, *made_by)) {
        if (!add_constant(value)) open.push_back(value);
      }
    }
  }

 private:
  /// Keeps a value that is constant. Returns whether there is no more to know of it.
  bool add_constant(const OrtValueInfo* value) {
    if (value == nullptr || holds(result_, name_of_value(runtime_, value))) return true;
    std::optional<OnnxTensorMessage> constant = constant_message(runtime_, *value);
    if (constant) result_.constants.push_back(*std::move(constant));
    return constant.has_value();
  }

  /// The node that makes a value; null where no node of this graph does, or the node is known.
  const OrtNode* new_producer(const OrtValueInfo* value) {
    bool is_outer = false;
    runtime_.check(runtime_.api().ValueInfo_IsFromOuterScope(value, &is_outer));
    if (is_outer || result_.before.size() == kMostBefore) return nullptr;
    const OrtNode* made_by = nullptr;
    runtime_.check(runtime_.api().ValueInfo_GetValueProducer(value, &made_by, nullptr));
    return made_by != nullptr && known_.insert(made_by).second ? made_by : nullptr;
  }

  const Runtime& runtime_;
  GraphNode& result_;
  std::unordered_set<const OrtNode*> known_;
};

/// Whether none but `mine`, and `node` for a weight, read a value.
bool is_mine(const Runtime& runtime, const OrtValueInfo& value, const GraphNode& node,
             const std::unordered_set<const OrtNode*>& mine) {
  const OrtApi& api = runtime.api();
  bool is_output = false;
  runtime.check(api.ValueInfo_IsGraphOutput(&value, &is_output));
  std::size_t count = 0;
  runtime.check(api.ValueInfo_GetValueNumConsumers(&value, &count));
  std::vector<const OrtNode*> readers(count);
  std::vector<std::int64_t> places(count);
  if (count > 0) runtime.check(api.ValueInfo_GetValueConsumers(&value, readers.data(), places.data(), count));
  for (std::size_t k = 0; k < count; ++k) {
    const bool is_weight_of_node =
        readers[k] == node.node && places[k] >= 0 && is_weight(node, static_cast<std::size_t>(places[k]));
    if (!is_weight_of_node && !mine.contains(readers[k])) return false;
  }
  return !is_output;
}

}  // namespace

std::optional<GraphNode> read_graph_node(const Runtime& runtime, const OrtNode& node) {
  GraphNode result{.node = &node, .message = operator_message(runtime, node)};
  if (!is_stream(result) && !recurrent_kind(result.message)) return std::nullopt;
  result.message = node_message(runtime, node);
  drop_default_activations(result.message);
  result.name = name_of(result.message);
  result.opset = standard_opset(runtime, node);
  Reader(runtime, result).read();
  return result;
}

bool holds(const GraphNode& node, const std::string& input) {
  return std::any_of(node.constants.begin(), node.constants.end(),
                     [&](const OnnxTensorMessage& constant) { return constant.name == input; });
}

std::string shared_value(const Runtime& runtime, const GraphNode& node) {
  std::unordered_set<const OrtNode*> mine;
  for (const NodeBefore& one : node.before) mine.insert(one.node);
  for (const NodeBefore& one : node.before) {
    for (const OrtValueInfo* const value : outputs_of(runtime, *one.node)) {
      if (value != nullptr && !is_mine(runtime, *value, node, mine)) return name_of_value(runtime, value);
    }
  }
  return {};
}

OnnxNode recurrent_node(const GraphNode& node) {
  OnnxModelMessage model;
  model.opset_import.push_back({.version = node.opset});
  model.graph.initializers = node.constants;
  for (const NodeBefore& one : node.before) model.graph.nodes.push_back(one.message);
  model.graph.nodes.push_back(node.message);
  std::unordered_set<std::string> made;
  for (const NodeBefore& one : node.before) made.insert(one.message.outputs.begin(), one.message.outputs.end());
  for (const OnnxNodeMessage& one : model.graph.nodes) {
    for (const std::string& input : one.inputs) {
      if (input.empty() || holds(node, input) || !made.insert(input).second) continue;
      model.graph.inputs.push_back({.name = input});
    }
  }
  const OnnxModel read = read_onnx(std::move(model), "the model");
  if (read.nodes.empty()) throw ValueError("operator", node.message.op_type, "RNN, GRU or LSTM");
  return read.nodes.back();
}

}  // namespace rondo::ort
