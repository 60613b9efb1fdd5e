// Finds the recurrent nodes of a model, wherever they are.
#include <algorithm>
#include <unordered_map>

#include "formats/onnx/onnx_source.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr int kDeepestCalls = 64;

class Search {
 public:
  explicit Search(OnnxScopes& scopes) : scopes_(scopes) {}

  std::vector<OnnxPlacedNode> run() {
    visit(scopes_.main());
    return std::move(found_);
  }

 private:
  bool has_any(const std::vector<OnnxNodeMessage>& nodes) {
    return std::any_of(nodes.begin(), nodes.end(), [&](const OnnxNodeMessage& node) { return leads_to_any(node); });
  }

  /// Whether a node is recurrent, or has a recurrent node in a body or in the function that it calls.
  bool leads_to_any(const OnnxNodeMessage& node) {
    if (recurrent_kind(node)) return true;
    for (const OnnxAttributeMessage& attribute : node.attributes) {
      for (const auto& graph : attribute.graphs) {
        if (has_any(graph->nodes)) return true;
      }
    }
    const OnnxFunctionMessage* const function = scopes_.callee(node);
    if (function == nullptr) return false;
    const auto [known, is_new] = functions_.try_emplace(function, false);  // false while it is looked through
    if (!is_new) return known->second;
    if (++depth_ > kDeepestCalls) {
      throw ValueError(scopes_.file(), "functions that call each other without an end",
                       "a depth of at most " + std::to_string(kDeepestCalls));
    }
    const bool found = has_any(function->nodes);
    --depth_;
    return functions_[function] = found;
  }

  void visit(OnnxScope& scope) {
    for (const OnnxNodeMessage* const node : scope.nodes) {
      if (const std::optional<CellKind> kind = recurrent_kind(*node)) found_.push_back({&scope, node, *kind});
      for (const OnnxAttributeMessage& attribute : node->attributes) {
        for (std::size_t k = 0; k < attribute.graphs.size(); ++k) {
          if (has_any(attribute.graphs[k]->nodes)) visit(scopes_.body(scope, *node, attribute, k));
        }
      }
      if (scopes_.callee(*node) != nullptr && leads_to_any(*node)) visit(scopes_.call(scope, *node));
    }
  }

  OnnxScopes& scopes_;
  std::vector<OnnxPlacedNode> found_;
  std::unordered_map<const OnnxFunctionMessage*, bool> functions_;
  int depth_ = 0;
};

}  // namespace

bool is_quantized_lstm(const OnnxNodeMessage& node) {
  return node.domain == "com.microsoft" && node.op_type == "DynamicQuantizeLSTM";
}

std::optional<CellKind> recurrent_kind(const OnnxNodeMessage& node) {
  if (is_quantized_lstm(node)) return CellKind::lstm;
  if (!is_standard_onnx(node.domain)) return std::nullopt;
  if (node.op_type == "RNN") return CellKind::simple_rnn;
  if (node.op_type == "GRU") return CellKind::gru;
  if (node.op_type == "LSTM") return CellKind::lstm;
  return std::nullopt;
}

std::vector<OnnxPlacedNode> recurrent_nodes(OnnxScopes& scopes) { return Search(scopes).run(); }

}  // namespace rondo
