// What a person wants to know of a model.
#include "rondo/formats/onnx_model.h"

namespace rondo {
namespace {

constexpr std::size_t kMostOperators = 40;

void add_input(std::string& text, const OnnxNode& node, std::size_t k, const char* name,
               const std::optional<Tensor>& constant) {
  if (k >= node.inputs.size() || node.inputs[k].empty()) return;
  text += std::string(text.empty() ? "" : ", ") + name + " ";
  if (constant) {
    text += to_string(constant->dtype()) + to_string(constant->shape());
  } else {
    text += k < node.reasons.size() && !node.reasons[k].empty() ? node.reasons[k] : "'" + node.inputs[k] + "'";
  }
}

std::string describe_node(const OnnxNode& node) {
  std::string text = "  " + node.name + ": " + node.op_type;
  if (!node.error.empty()) return text + ", of which nothing can be made: " + node.error + "\n";
  text += ", " + to_string(node.op.direction) + (node.op.batch_major ? ", layout 1" : "");
  const OnnxConstants& held = node.constants;
  if (held.kernel && held.recurrent_kernel) {
    text += ", I " + std::to_string(held.kernel->size(2)) + ", H " + std::to_string(held.recurrent_kernel->size(2));
  }
  if (node.input_order == OnnxInputOrder::swapped) text += ", T and B swapped from the model's input";
  std::string inputs;
  add_input(inputs, node, 1, "W", held.kernel);
  add_input(inputs, node, 2, "R", held.recurrent_kernel);
  add_input(inputs, node, 3, "B", held.bias);
  add_input(inputs, node, 4, "sequence_lens", held.lengths);
  add_input(inputs, node, 5, "initial_h", held.initial_h);
  add_input(inputs, node, 6, "initial_c", held.initial_c);
  add_input(inputs, node, 7, "P", held.peepholes);
  return text + "; " + inputs + "\n";
}

}  // namespace

std::string describe(const OnnxModel& model) {
  std::string text = model.file + (model.producer.empty() ? "" : " of " + model.producer) + ", IR version " +
                     std::to_string(model.ir_version) + ", opset " + std::to_string(model.opset) + "\n";
  for (const OnnxNode& node : model.nodes) text += describe_node(node);
  if (model.nodes.empty()) text += "  no recurrent nodes\n";
  std::string others;
  std::size_t count = 0;
  for (const auto& [name, number] : model.other_operators) {
    if (++count > kMostOperators) break;
    others += (others.empty() ? "" : ", ") + std::to_string(number) + " " + name;
  }
  if (count > kMostOperators) others += ", ...";
  return text + "  other nodes: " + (others.empty() ? "none" : others) + "\n";
}

}  // namespace rondo
