// The order in which Keras 3 runs the calls of a model.

#include <algorithm>
#include <map>
#include <utility>

#include "models/model_graph.h"

namespace rondo {
namespace {

using Call = std::pair<int, int>;  // layer and node

/// The depths of calls: 0 for those that no other call reads, and more than the depths of all that read them. A call is
/// as deep as a later call of its layer at least.
class Depths {
 public:
  void visit(const TensorReference& call, const GraphNode& node) {
    const int depth = std::max(find({call.layer, call.node}), layer_depths_[call.layer]);
    depths_[{call.layer, call.node}] = layer_depths_[call.layer] = depth;
    for (const GraphArgument& argument : node.arguments) {
      for (const auto& tensor : argument.tensors) {
        if (!tensor) continue;
        const Call read{tensor->layer, tensor->node};
        depths_[read] = std::max(find(read), depth + 1);
      }
    }
  }

  /// Every call once, the deepest first; of one depth, in the order of their first mention.
  std::vector<TensorReference> sorted() {
    std::stable_sort(calls_.begin(), calls_.end(),
                     [this](const Call& a, const Call& b) { return depths_[a] > depths_[b]; });
    std::vector<TensorReference> order;
    for (const Call& call : calls_) order.push_back({.layer = call.first, .node = call.second});
    return order;
  }

 private:
  int find(const Call& call) {
    const auto [place, is_new] = depths_.emplace(call, 0);
    if (is_new) calls_.push_back(call);
    return place->second;
  }

  std::map<Call, int> depths_;
  std::map<int, int> layer_depths_;
  std::vector<Call> calls_;
};

}  // namespace

std::vector<TensorReference> by_depth(const ModelGraph& graph, std::span<const TensorReference> order) {
  Depths depths;
  for (auto call = order.rbegin(); call != order.rend(); ++call) {
    depths.visit(*call,
                 graph.layers[static_cast<std::size_t>(call->layer)].nodes[static_cast<std::size_t>(call->node)]);
  }
  return depths.sorted();
}

}  // namespace rondo
