#include "rondo/formats/onnx_model.h"

#include <array>
#include <unordered_map>
#include <utility>

#include "formats/containers/input_file.h"
#include "formats/onnx/onnx_message.h"
#include "formats/onnx/onnx_operator.h"
#include "formats/onnx/onnx_tensor.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// The standard operators have two names for their domain.
bool is_standard(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

std::optional<CellKind> kind_of(const OnnxNodeMessage& node) {
  if (!is_standard(node.domain)) return std::nullopt;
  if (node.op_type == "RNN") return CellKind::simple_rnn;
  if (node.op_type == "GRU") return CellKind::gru;
  if (node.op_type == "LSTM") return CellKind::lstm;
  return std::nullopt;
}

/// Initializers, and the values of Constant nodes, by name. Each is converted to a tensor at most once.
class Constants {
 public:
  Constants(const OnnxModelMessage& model, std::string file) : file_(std::move(file)) {
    for (const OnnxTensorMessage& tensor : model.initializers) sources_[tensor.name] = &tensor;
    for (const OnnxNodeMessage& node : model.nodes) {
      if (node.op_type != "Constant" || !is_standard(node.domain) || node.outputs.size() != 1) continue;
      for (const OnnxAttributeMessage& attribute : node.attributes) {
        if (attribute.name == "value" && attribute.t) sources_[node.outputs[0]] = &*attribute.t;
      }
    }
  }

  std::optional<Tensor> find(const std::string& name) {
    const auto made = tensors_.find(name);
    if (made != tensors_.end()) return made->second;
    const auto source = sources_.find(name);
    if (name.empty() || source == sources_.end()) return std::nullopt;
    return tensors_.emplace(name, onnx_tensor(*source->second, file_ + ": tensor '" + name + "'")).first->second;
  }

 private:
  std::string file_;
  std::unordered_map<std::string, const OnnxTensorMessage*> sources_;
  std::unordered_map<std::string, Tensor> tensors_;
};

std::string name_of(const OnnxNodeMessage& node) {
  if (!node.name.empty()) return node.name;
  for (const std::string& output : node.outputs) {
    if (!output.empty()) return output;
  }
  return {};
}

OnnxConstants constants_of(const std::vector<std::string>& inputs, Constants& constants) {
  OnnxConstants result;
  // X, the first input, is no constant.
  const std::array places{&result.kernel,    &result.recurrent_kernel, &result.bias,     &result.lengths,
                          &result.initial_h, &result.initial_c,        &result.peepholes};
  for (std::size_t k = 1; k < inputs.size(); ++k) *places[k - 1] = constants.find(inputs[k]);
  return result;
}

OnnxNode parse_node(const OnnxNodeMessage& node, CellKind kind, Constants& constants, const std::string& file) {
  const std::size_t most = kind == CellKind::lstm ? 8 : 6;
  const std::string where = file + ": node '" + name_of(node) + "'";
  if (node.inputs.size() < 3 || node.inputs.size() > most) {
    throw ValueError(where + ": inputs", std::to_string(node.inputs.size()), "from 3 to " + std::to_string(most));
  }
  OnnxNode result{.name = name_of(node), .file = file, .op = parse_onnx_operator(node, kind, where)};
  result.inputs = node.inputs;
  result.outputs = node.outputs;
  result.constants = constants_of(result.inputs, constants);
  // Weights that the model does not hold cannot be checked.
  const OnnxConstants& held = result.constants;
  if (!held.kernel || !held.recurrent_kernel) return result;
  try {
    static_cast<void>(onnx_cells(result.op, {*held.kernel, *held.recurrent_kernel, held.bias, held.peepholes}));
  } catch (const ValueError& error) {
    throw ValueError(where + ": " + error.what());
  }
  return result;
}

}  // namespace

OnnxWeights OnnxNode::weights() const {
  constexpr std::array kNames{"X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"};
  const auto check = [&](std::size_t input, const std::optional<Tensor>& held) {
    if (held || input >= inputs.size() || inputs[input].empty()) return;
    throw ValueError(file + ": node '" + name + "': " + kNames[input], "'" + inputs[input] + "', which is computed",
                     "an initializer or the value of a Constant");
  };
  check(1, constants.kernel);
  check(2, constants.recurrent_kernel);
  check(3, constants.bias);
  check(7, constants.peepholes);
  if (!constants.kernel || !constants.recurrent_kernel) {
    throw ValueError(file + ": node '" + name + "'", "a node without W and R", "both, as inputs of the node");
  }
  return {*constants.kernel, *constants.recurrent_kernel, constants.bias, constants.peepholes};
}

const OnnxNode& OnnxModel::node(const std::string& name) const {
  std::vector<std::string> names;
  for (const OnnxNode& known : nodes) {
    if (known.name == name) return known;
    names.push_back(known.name);
  }
  throw ValueError(file + ": node", "'" + name + "'", "one of " + listed(names));
}

OnnxModel read_onnx(const OnnxModelMessage& message, const std::string& name) {
  OnnxModel model{.file = name, .producer = message.producer_name, .ir_version = message.ir_version};
  for (const OnnxModelMessage::OperatorSet& set : message.opset_import) {
    if (is_standard(set.domain)) model.opset = set.version;
  }
  Constants constants(message, name);
  for (const OnnxNodeMessage& node : message.nodes) {
    if (const std::optional<CellKind> kind = kind_of(node)) {
      model.nodes.push_back(parse_node(node, *kind, constants, name));
    }
  }
  return model;
}

}  // namespace rondo
