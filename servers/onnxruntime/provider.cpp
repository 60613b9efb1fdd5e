#include "provider.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "counts.h"
#include "formats/onnx/folding/graph_scopes.h"
#include "node_kernel.h"
#include "stream_node.h"

namespace rondo::ort {
namespace {

/// A kernel as the runtime calls it.
class Compiled final : public OrtNodeComputeInfo {
 public:
  Compiled(const Runtime& runtime, std::unique_ptr<NodeKernel> kernel)
      : OrtNodeComputeInfo{}, runtime_(runtime), kernel_(std::move(kernel)) {
    ort_version_supported = kInterface;
    CreateState = [](OrtNodeComputeInfo* self, OrtNodeComputeContext*, void** state) -> OrtStatus* {
      *state = self;
      return nullptr;
    };
    Compute = [](OrtNodeComputeInfo* self, void*, OrtKernelContext* context) -> OrtStatus* {
      const auto& compiled = *static_cast<Compiled*>(self);
      return compiled.runtime_.guarded([&] { compiled.kernel_->run(Call(compiled.runtime_, *context)); });
    };
    ReleaseState = [](OrtNodeComputeInfo*, void*) {};
  }

 private:
  const Runtime runtime_;
  const std::unique_ptr<NodeKernel> kernel_;
};

std::vector<const OrtNode*> nodes_of(const Runtime& runtime, const OrtGraph& graph) {
  std::size_t count = 0;
  runtime.check(runtime.api().Graph_GetNumNodes(&graph, &count));
  std::vector<const OrtNode*> nodes(count);
  if (count > 0) runtime.check(runtime.api().Graph_GetNodes(&graph, nodes.data(), count));
  return nodes;
}

/// Why a recurrent node is left to others; empty if it is taken.
std::string refusal(const Runtime& runtime, const GraphNode& node, const ProviderOptions& options) try {
  if (options.leaves_out(node.message.op_type)) return "the option leave_out names its operator";
  if (holds(node, node.message.inputs.at(0))) return "its input X is a constant";
  static_cast<void>(recurrent_node(node).weights());
  const std::string shared = shared_value(runtime, node);
  return shared.empty() ? "" : "its weights follow from '" + shared + "', which is also for others";
} catch (const ValueError& error) {
  return error.what();
}

/// Whether Rondo keeps all constants of a node, so that the runtime need not.
bool keeps_constants(const GraphNode& node) {
  if (!is_stream(node)) return true;
  for (const StreamInput input : {StreamInput::x, StreamInput::session, StreamInput::start, StreamInput::end}) {
    const auto k = static_cast<std::size_t>(input);
    if (k < node.message.inputs.size() && holds(node, node.message.inputs[k])) return false;
  }
  return true;
}

/// A node with those before it that only it needs.
std::vector<const OrtNode*> fused_nodes(const Runtime& runtime, const GraphNode& node) {
  std::vector<const OrtNode*> nodes{node.node};
  if (!shared_value(runtime, node).empty()) return nodes;
  for (const NodeBefore& one : node.before) nodes.push_back(one.node);
  return nodes;
}

/// The recurrent node or the stream among the nodes that `claim` has put together.
GraphNode read_fused(const Runtime& runtime, const OrtGraph& graph) {
  std::optional<GraphNode> found;
  for (const OrtNode* const node : nodes_of(runtime, graph)) {
    std::optional<GraphNode> known = read_graph_node(runtime, *node);
    if (known && found) throw RuntimeError("ONNX Runtime asks Rondo for a graph of two recurrent nodes");
    if (known) found = std::move(known);
  }
  if (!found) throw RuntimeError("ONNX Runtime asks Rondo for a graph without a recurrent node");
  return *std::move(found);
}

}  // namespace

Provider::Provider(const Runtime& runtime, const OrtLogger& logger, ProviderOptions options)
    : OrtEp{}, runtime_(runtime), log_(runtime_, logger), options_(std::move(options)) {
  if (options_.lends_threads()) lent_threads_ = std::make_shared<LentThreads>();
  ort_version_supported = kInterface;
  GetName = [](const OrtEp*) noexcept { return kProviderName; };
  GetCapability = [](OrtEp* self, const OrtGraph* graph, OrtEpGraphSupportInfo* support) noexcept {
    const auto& provider = *static_cast<Provider*>(self);
    return provider.runtime_.guarded([&] { provider.claim(*graph, *support); });
  };
  Compile = [](OrtEp* self, const OrtGraph** graphs, const OrtNode** fused, std::size_t count,
               OrtNodeComputeInfo** compiled, OrtNode**) noexcept {
    const auto& provider = *static_cast<Provider*>(self);
    return provider.runtime_.guarded([&] { provider.compile(graphs, fused, count, compiled); });
  };
  ReleaseNodeComputeInfos = [](OrtEp*, OrtNodeComputeInfo** compiled, std::size_t count) noexcept {
    for (std::size_t k = 0; k < count; ++k) delete static_cast<Compiled*>(compiled[k]);
  };
}

void Provider::claim(const OrtGraph& graph, OrtEpGraphSupportInfo& support) const {
  for (const OrtNode* const node : nodes_of(runtime_, graph)) {
    try {
      claim_node(*node, support);
    } catch (const ValueError& error) {
      leave(node_message(runtime_, *node), error.what());
    }
  }
}

void Provider::claim_node(const OrtNode& node, OrtEpGraphSupportInfo& support) const {
  const std::optional<GraphNode> known = read_graph_node(runtime_, node);
  if (!known) return;
  // Nobody else could run a stream's node. What is wrong with it `compile` says: the runtime ends the session then,
  // but not for what is thrown here.
  const std::string reason = is_stream(*known) ? std::string() : refusal(runtime_, *known, options_);
  if (!reason.empty()) return leave(known->message, reason);
  OrtNodeFusionOptions fusion{};
  fusion.ort_version_supported = kInterface;
  fusion.drop_constant_initializers = keeps_constants(*known);
  const std::vector<const OrtNode*> nodes = fused_nodes(runtime_, *known);
  runtime_.check(runtime_.provider().EpGraphSupportInfo_AddNodesToFuse(&support, nodes.data(), nodes.size(), &fusion));
}

void Provider::leave(const OnnxNodeMessage& node, const std::string& reason) const {
  tally(Counted::declined);
  log_.warn("Rondo leaves " + node.op_type + " '" + name_of(node) + "' to others: " + reason);
}

void Provider::compile(const OrtGraph** graphs, const OrtNode** fused, std::size_t count,
                       OrtNodeComputeInfo** compiled) const {
  std::vector<std::unique_ptr<Compiled>> made;
  for (std::size_t k = 0; k < count; ++k) {
    const GraphNode node = read_fused(runtime_, *graphs[k]);
    const NodeEnds ends = read_ends(runtime_, *fused[k]);
    const KernelSetting setting{.options = options_, .lent_threads = lent_threads_, .fused = ends};
    made.push_back(std::make_unique<Compiled>(
        runtime_, is_stream(node) ? make_stream_kernel(node, setting) : make_recurrent_kernel(node, setting)));
    tally(Counted::claimed);
    log_.inform("Rondo runs " + node.message.op_type + " '" + node.name + "'");
  }
  for (std::size_t k = 0; k < count; ++k) compiled[k] = made[k].release();
}

}  // namespace rondo::ort
