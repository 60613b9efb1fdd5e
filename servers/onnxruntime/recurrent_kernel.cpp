#include <algorithm>
#include <array>
#include <utility>

#include "counts.h"
#include "cpu/threads/pool_scope.h"
#include "formats/onnx/onnx_inputs.h"
#include "formats/onnx/onnx_node_runner.h"
#include "node_kernel.h"
#include "shared_weights.h"

namespace rondo::ort {
namespace {

/// An input that a model may compute, or hold, or leave out.
struct OptionalInput {
  std::string name = {};
  std::optional<std::size_t> place = std::nullopt;  ///< among the inputs of the fused node
  std::optional<Tensor> constant = std::nullopt;

  std::optional<Tensor> get(const Call& call) const {
    if (!place) return constant;
    const Tensor given = call.input(*place, name);
    return given.defined() ? std::optional(given) : std::nullopt;
  }
};

std::size_t required_place(const std::vector<std::string>& names, const std::string& name) {
  if (const auto place = place_of(names, name)) return *place;
  throw RuntimeError("'" + name + "' is no input of the node that stands for it");
}

OptionalInput optional_input(const OnnxNode& node, std::size_t k, const char* name,
                             const std::optional<Tensor>& constant, const NodeEnds& fused) {
  OptionalInput input{.name = name};
  if (k >= node.inputs.size() || node.inputs[k].empty()) return input;
  if (!constant) {
    input.place = required_place(fused.inputs, node.inputs[k]);
  } else if (!is_zero_state(*constant)) {
    input.constant = constant->clone();  // the runtime may free what it has
  }
  return input;
}

class RecurrentKernel final : public NodeKernel {
 public:
  RecurrentKernel(const OnnxNode& node, const KernelSetting& setting)
      : where_("node '" + node.name + "': "),
        lent_threads_(setting.lent_threads),
        x_(required_place(setting.fused.inputs, node.inputs.at(0))),
        lengths_(optional_input(node, 4, "sequence_lens", node.constants.lengths, setting.fused)),
        initial_h_(optional_input(node, 5, "initial_h", node.constants.initial_h, setting.fused)),
        initial_c_(optional_input(node, 6, "initial_c", node.constants.initial_c, setting.fused)),
        runner_(shared_weights(node.op, node.weights()),
                {.threads = setting.options.threads, .math = setting.options.math}) {
    for (std::size_t k = 0; k < std::min(outputs_.size(), node.outputs.size()); ++k) {
      outputs_[k] = place_of(setting.fused.outputs, node.outputs[k]);
    }
  }

  void run(const Call& call) override try {
    const OnnxInputs inputs{.x = call.input(x_, "X"),
                            .lengths = lengths_.get(call),
                            .initial_h = initial_h_.get(call),
                            .initial_c = initial_c_.get(call)};
    const OnnxRunSizes sizes = runner_.check(inputs);
    const DType dtype = runner_.weights().like().dtype();
    OnnxOutputs outputs;
    if (outputs_[0]) outputs.y = call.output(*outputs_[0], runner_.sequence_shape(sizes), dtype);
    if (outputs_[1]) outputs.y_h = call.output(*outputs_[1], runner_.state_shape(sizes.B), dtype);
    if (outputs_[2]) outputs.y_c = call.output(*outputs_[2], runner_.state_shape(sizes.B), dtype);
    const LentThreads::Use use(call);
    const PoolScope scope(lent_threads_);
    runner_.run(inputs, sizes, outputs);
    tally(Counted::runs);
  } catch (const ValueError& error) {
    throw ValueError(where_ + error.what());
  }

 private:
  const std::string where_;
  const std::shared_ptr<ThreadPool> lent_threads_;
  const std::size_t x_;
  const OptionalInput lengths_;
  const OptionalInput initial_h_;
  const OptionalInput initial_c_;
  std::array<std::optional<std::size_t>, 3> outputs_ = {};  // Y, Y_h and Y_c among the outputs of the fused node
  OnnxNodeRunner runner_;
};

}  // namespace

std::optional<std::size_t> place_of(const std::vector<std::string>& names, const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? std::nullopt
                              : std::optional(static_cast<std::size_t>(std::distance(names.begin(), found)));
}

std::unique_ptr<NodeKernel> make_recurrent_kernel(const GraphNode& node, const KernelSetting& setting) {
  return std::make_unique<RecurrentKernel>(recurrent_node(node), setting);
}

}  // namespace rondo::ort
