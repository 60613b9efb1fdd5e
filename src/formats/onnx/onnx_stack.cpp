// Finds the stack of layers in a model: recurrent nodes, and between them nothing but changes of the layout.
#include <algorithm>
#include <set>

#include "formats/onnx/onnx_inputs.h"
#include "formats/onnx/onnx_links.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

class Stack {
 public:
  explicit Stack(const OnnxModel& model)
      : model_(model),
        scopes_(model.source->message, model.file),
        folder_(scopes_, model.opset),
        placed_(recurrent_nodes(scopes_)),
        links_(scopes_, folder_, placed_) {}

  void check() {
    // The links first: the sizes that they assume must come before the shapes that states depend on.
    for (std::size_t k = 1; k < placed_.size(); ++k) check_link(k);
    for (std::size_t k = 0; k < placed_.size(); ++k) check_states(model_.nodes[k], placed_[k]);
  }

 private:
  [[noreturn]] void refuse(std::size_t k, const std::string& came) const {
    const std::string previous = "Y of node '" + model_.nodes[k - 1].name +
                                 "', both directions side by side, through " + OnnxLinks::layout_operators() +
                                 "; onnx_network takes a list of nodes as well";
    throw ValueError(model_.file + ": X of node '" + model_.nodes[k].name + "'", came, previous);
  }

  void check_link(std::size_t k) {
    const OnnxLink link = links_.link_of(placed_[k]);
    if (link.from != &placed_[k - 1]) refuse(k, OnnxLinks::described(link.source));
    const OnnxNode& previous = model_.nodes[k - 1];
    const OnnxNode& next = model_.nodes[k];
    const std::int64_t D = direction_count(previous.op.direction);
    const std::int64_t H = previous.weights().recurrent_kernel.size(2);
    std::vector<LetterAxis> axes{{"T", kLetterT}, {"D", D}, {"B", kLetterB}, {"H", H}};
    if (previous.op.batch_major) axes = {{"B", kLetterB}, {"T", kLetterT}, {"D", D}, {"H", H}};
    for (const OnnxPlace& change : link.changes) {
      folder_.assume(*change.scope, change.producer.node->inputs[0], sizes_of(axes));
      const bool fits = links_.apply(change, axes);
      if (!fits)
        refuse(k, "Y in another layout, after " + change.producer.node->op_type + " '" +
                      name_of(*change.producer.node) + "'");
    }
    const std::string features = std::string(D == 1 ? "" : "D") + (H == 1 ? "" : "H");
    const std::vector<std::string> wanted = next.op.batch_major ? std::vector<std::string>{"B", "T", features}
                                                                : std::vector<std::string>{"T", "B", features};
    std::vector<std::string> found;
    for (const LetterAxis& axis : axes) found.push_back(axis.size == 1 ? "" : axis.letters);
    if (found != wanted) refuse(k, "Y in another layout");
  }

  /// Constant lengths and states are not part of a network, and other nodes' results cannot be given to one.
  void check_states(const OnnxNode& node, const OnnxPlacedNode& placed) {
    const std::string where = model_.file + ": node '" + node.name + "'";
    if (node.constants.lengths) throw ValueError(where, "constant sequence_lens", "none, for a network");
    for (const std::optional<Tensor>& state : {node.constants.initial_h, node.constants.initial_c}) {
      if (!state || is_zero_state(*state)) continue;
      throw ValueError(where, "constant states other than zeros", "zeros, for a network");
    }
    for (std::size_t k = 4; k < std::min<std::size_t>(placed.node->inputs.size(), 7); ++k) {
      if (!placed.node->inputs[k].empty() && depends_on_recurrent(*placed.scope, placed.node->inputs[k])) {
        throw ValueError(where, "'" + placed.node->inputs[k] + "', which depends on the results of another node",
                         "lengths and states that are known before the network runs");
      }
    }
  }

  bool depends_on_recurrent(OnnxScope& scope, const std::string& name) {
    if (!folder_.value(scope, name).is_unknown()) return false;
    std::vector<OnnxPlace> stack{scopes_.find(scope, name)};
    while (!stack.empty()) {
      const OnnxPlace place = stack.back();
      stack.pop_back();
      if (place.producer.kind != OnnxProducer::Kind::node || !apart_.emplace(place.scope, place.name).second) {
        continue;
      }
      if (links_.recurrent(place.producer.node, place.scope) != nullptr) return true;
      for (const std::string& input : place.producer.node->inputs) {
        if (!input.empty()) stack.push_back(scopes_.find(*place.scope, input));
      }
    }
    return false;
  }

  const OnnxModel& model_;
  OnnxScopes scopes_;
  Folder folder_;
  std::vector<OnnxPlacedNode> placed_;
  OnnxLinks links_;
  std::set<std::pair<const OnnxScope*, std::string>> apart_;  ///< names that were looked behind
};

}  // namespace

LoadedNetwork onnx_network(const OnnxModel& model) {
  if (model.source != nullptr && model.nodes.size() > 0) {
    for (const OnnxNode& node : model.nodes) static_cast<void>(node.weights());
    Stack(model).check();
  }
  return onnx_network(model.nodes);
}

}  // namespace rondo
