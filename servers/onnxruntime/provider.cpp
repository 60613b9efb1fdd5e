#include "provider.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "counts.h"
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

bool holds(const GraphNode& node, std::size_t input) {
  return input < node.message.inputs.size() &&
         std::any_of(node.constants.begin(), node.constants.end(),
                     [&](const OnnxTensorMessage& constant) { return constant.name == node.message.inputs[input]; });
}

/// Why a recurrent node is left to others; empty if it is taken.
std::string refusal(const GraphNode& node, const ProviderOptions& options) try {
  if (options.leaves_out(node.message.op_type)) return "the option leave_out names its operator";
  if (holds(node, 0)) return "its input X is a constant";
  static_cast<void>(recurrent_node(node).weights());
  return {};
} catch (const ValueError& error) {
  return error.what();
}

/// Whether Rondo keeps all constants of a node, so that the runtime need not.
bool keeps_constants(const GraphNode& node) {
  if (!is_stream(node)) return true;
  for (const StreamInput input : {StreamInput::x, StreamInput::session, StreamInput::start, StreamInput::end}) {
    if (holds(node, static_cast<std::size_t>(input))) return false;
  }
  return true;
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
    const std::optional<GraphNode> known = read_graph_node(runtime_, *node);
    if (!known) continue;
    // Nobody else could run a stream's node. What is wrong with it `compile` says: the runtime ends the session then,
    // but not for what is thrown here.
    const std::string reason = is_stream(*known) ? std::string() : refusal(*known, options_);
    if (!reason.empty()) {
      tally(Counted::declined);
      log_.warn("Rondo leaves " + known->message.op_type + " '" + known->name + "' to others: " + reason);
      continue;
    }
    OrtNodeFusionOptions fusion{};
    fusion.ort_version_supported = kInterface;
    fusion.drop_constant_initializers = keeps_constants(*known);
    runtime_.check(runtime_.provider().EpGraphSupportInfo_AddNodesToFuse(&support, &node, 1, &fusion));
  }
}

void Provider::compile(const OrtGraph** graphs, const OrtNode** fused, std::size_t count,
                       OrtNodeComputeInfo** compiled) const {
  std::vector<std::unique_ptr<Compiled>> made;
  for (std::size_t k = 0; k < count; ++k) {
    const std::vector<const OrtNode*> nodes = nodes_of(runtime_, *graphs[k]);
    const std::optional<GraphNode> node =
        nodes.size() == 1 ? read_graph_node(runtime_, *nodes.front()) : std::optional<GraphNode>();
    if (!node) throw RuntimeError("ONNX Runtime asks Rondo for a graph that is not one recurrent node");
    const NodeEnds ends = read_ends(runtime_, *fused[k]);
    const KernelSetting setting{.options = options_, .lent_threads = lent_threads_, .fused = ends};
    made.push_back(std::make_unique<Compiled>(
        runtime_, is_stream(*node) ? make_stream_kernel(*node, setting) : make_recurrent_kernel(*node, setting)));
    tally(Counted::claimed);
    log_.inform("Rondo runs " + node->message.op_type + " '" + node->name + "'");
  }
  for (std::size_t k = 0; k < count; ++k) compiled[k] = made[k].release();
}

}  // namespace rondo::ort
