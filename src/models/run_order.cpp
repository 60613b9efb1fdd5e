// The order in which the calls of a model run.

#include <cstdint>

#include "models/model_graph.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Visits calls depth first, without recursion: a file may have a chain of any length.
class Sorter {
 public:
  Sorter(const ModelGraph& graph, const std::string& where) : graph_(graph), where_(where) {
    for (const GraphLayer& layer : graph.layers) marks_.emplace_back(layer.nodes.size(), Mark::unseen);
  }

  void visit(const TensorReference& end) {
    open_.push_back({end, needs(end)});
    while (!open_.empty()) {
      Open& top = open_.back();
      Mark& mark = mark_of(top.call);
      if (mark == Mark::unseen) mark = Mark::open;
      if (top.needs.empty() || mark == Mark::done) {
        if (mark != Mark::done) order_.push_back(top.call);
        mark = Mark::done;
        open_.pop_back();
        continue;
      }
      const TensorReference next = top.needs.back();
      top.needs.pop_back();
      if (mark_of(next) == Mark::open) refuse_cycle(next);
      if (mark_of(next) == Mark::unseen) open_.push_back({next, needs(next)});
    }
  }

  std::vector<TensorReference> take() { return std::move(order_); }

 private:
  enum class Mark : std::uint8_t { unseen, open, done };
  struct Open {
    TensorReference call;
    std::vector<TensorReference> needs;
  };

  Mark& mark_of(const TensorReference& call) {
    return marks_[static_cast<std::size_t>(call.layer)][static_cast<std::size_t>(call.node)];
  }

  std::vector<TensorReference> needs(const TensorReference& call) const {
    std::vector<TensorReference> all;
    const GraphLayer& layer = graph_.layers[static_cast<std::size_t>(call.layer)];
    for (const GraphArgument& argument : layer.nodes[static_cast<std::size_t>(call.node)].arguments) {
      for (const auto& tensor : argument.tensors) {
        if (tensor) all.push_back(*tensor);
      }
    }
    return {all.rbegin(), all.rend()};  // taken from the back
  }

  [[noreturn]] void refuse_cycle(const TensorReference& again) const {
    std::string names;
    bool within = false;
    for (const Open& open : open_) {
      within = within || (open.call.layer == again.layer && open.call.node == again.node);
      if (within) names += "'" + graph_.layers[static_cast<std::size_t>(open.call.layer)].name + "' reads ";
    }
    throw ValueError(where_ + ": inbound_nodes",
                     "a cycle: " + names + "'" + graph_.layers[static_cast<std::size_t>(again.layer)].name + "'",
                     "a graph without cycles");
  }

  const ModelGraph& graph_;
  const std::string& where_;
  std::vector<std::vector<Mark>> marks_;
  std::vector<Open> open_;
  std::vector<TensorReference> order_;
};

}  // namespace

Readers readers_of(const ModelGraph& graph, const TensorReference& input) {
  Readers readers;
  for (const GraphLayer& layer : graph.layers) {
    int& count = layer.class_name == "Embedding" ? readers.embeddings : readers.others;
    for (const GraphNode& node : layer.nodes) {
      for (const GraphArgument& argument : node.arguments) {
        for (const auto& tensor : argument.tensors) count += tensor && tensor->layer == input.layer ? 1 : 0;
      }
    }
  }
  for (const TensorReference& output : graph.outputs) readers.others += output.layer == input.layer ? 1 : 0;
  return readers;
}

std::vector<TensorReference> run_order(const ModelGraph& graph, const std::string& where) {
  Sorter sorter(graph, where);
  for (const TensorReference& output : graph.outputs) sorter.visit(output);
  return sorter.take();
}

}  // namespace rondo
