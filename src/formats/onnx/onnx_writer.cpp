// Writes ONNX models in protobuf's encoding: https://protobuf.dev/programming-guides/encoding. The classes that
// protobuf makes of onnx.proto have only the fields that are read.
#include "rondo/formats/onnx_writer.h"

#include <array>
#include <bit>
#include <string_view>
#include <vector>

#include "formats/containers/output_file.h"
#include "formats/network/saved_layers.h"
#include "formats/onnx/onnx_activations.h"
#include "formats/onnx/proto_text.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::int64_t kFormat = 8;
constexpr std::int64_t kOpset = 14;

// The types of attributes.
constexpr std::int64_t kInt = 2;
constexpr std::int64_t kString = 3;
constexpr std::int64_t kFloats = 6;
constexpr std::int64_t kInts = 7;
constexpr std::int64_t kStrings = 8;

std::int64_t onnx_type(DType dtype) {
  switch (dtype) {
    case DType::f32: return 1;
    case DType::i64: return 7;
    case DType::f16: return 10;
    case DType::f64: return 11;
    default: throw ValueError("dtype", to_string(dtype), "f16, f32 or f64, which the operators have");
  }
}

OnnxFunction onnx_function(const Activation& activation, std::size_t layer) {
  if (std::optional<OnnxFunction> function = find_onnx_function(activation)) return *std::move(function);
  throw ValueError(layer_name(layer) + ": activation", to_string(activation),
                   "a function of ONNX's recurrent operators, such as tanh or elu");
}

std::string attribute(const std::string& name, std::int64_t type, const ProtoText& value) {
  return ProtoText().bytes(1, name).raw(value.text()).number(20, type).text();
}

std::string tensor_text(const std::string& name, const Tensor& tensor) {
  ProtoText text;
  for (const std::int64_t size : tensor.shape()) text.number(1, size);
  text.number(2, onnx_type(tensor.dtype())).bytes(8, name);
  const Tensor host = tensor.to(cpu()).contiguous();
  return text
      .bytes(9, {static_cast<const char*>(host.data()), static_cast<std::size_t>(host.numel()) * size_of(host.dtype())})
      .text();
}

/// An input or output, whose sizes are numbers or names.
std::string value_text(const std::string& name, DType dtype, const std::vector<std::string>& sizes) {
  ProtoText shape;
  for (const std::string& size : sizes) {
    const bool is_number = size.find_first_not_of("0123456789") == std::string::npos;
    shape.bytes(1, is_number ? ProtoText().number(1, std::stoll(size)).text() : ProtoText().bytes(2, size).text());
  }
  const std::string tensor = ProtoText().number(1, onnx_type(dtype)).bytes(2, shape.text()).text();
  return ProtoText().bytes(1, name).bytes(2, ProtoText().bytes(1, tensor).text()).text();
}

/// One node.
struct NodeText {
  std::string op;
  std::string name;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> attributes;

  std::string text() const {
    ProtoText text;
    for (const std::string& input : inputs) text.bytes(1, input);
    for (const std::string& output : outputs) text.bytes(2, output);
    text.bytes(3, name).bytes(4, op);
    for (const std::string& one : attributes) text.bytes(5, one);
    return text.text();
  }
};

/// Builds the graph layer by layer.
class GraphText {
 public:
  explicit GraphText(const LoadedNetwork& network) : network_(network) {
    const std::vector<NetworkLayer>& layers = network.spec.layers;
    const DType dtype = layers.front().forward.dtype;
    inputs_.bytes(11, value_text("x", dtype, {"T", "B", std::to_string(network.input_features())}));
    outputs_.bytes(12, value_text("output", dtype, {"T", "B", std::to_string(network.output_features())}));
    tensors_.bytes(5, tensor_text("side_by_side", Tensor::from<std::int64_t>({0, 0, -1}, {3})));
    for (std::size_t k = 0; k < layers.size(); ++k) add_layer(k);
  }

  std::string text() const {
    return ProtoText()
        .raw(nodes_.text())
        .bytes(2, "network")
        .raw(tensors_.text())
        .raw(inputs_.text())
        .raw(outputs_.text())
        .text();
  }

 private:
  void add_layer(std::size_t index);
  std::vector<std::string> attributes_of(std::size_t index) const;

  const LoadedNetwork& network_;
  ProtoText nodes_;
  ProtoText tensors_;
  ProtoText inputs_;
  ProtoText outputs_;
};

std::vector<std::string> GraphText::attributes_of(std::size_t index) const {
  const NetworkLayer& layer = network_.spec.layers[index];
  const CellSpec& cell = layer.forward.cell;
  const LayerOrder order = layer_order(layer);
  const char* direction = order == LayerOrder::both_directions ? "bidirectional"
                          : order == LayerOrder::reversed      ? "reverse"
                                                               : "forward";
  ProtoText names;
  std::vector<float> alphas;
  std::vector<float> betas;
  for (const RecurrenceSpec* spec : {&layer.forward, layer.backward ? &*layer.backward : nullptr}) {
    if (spec == nullptr) continue;
    std::vector<Activation> functions{spec->cell.activation};
    if (cell.kind != CellKind::simple_rnn) functions.insert(functions.begin(), spec->cell.recurrent_activation);
    if (cell.kind == CellKind::lstm) functions.push_back(spec->cell.activation);
    for (const Activation& function : functions) {
      const OnnxFunction found = onnx_function(function, index);
      names.bytes(9, found.name);
      alphas.insert(alphas.end(), found.alpha.begin(), found.alpha.end());
      betas.insert(betas.end(), found.beta.begin(), found.beta.end());
    }
  }
  std::vector<std::string> attributes{attribute("hidden_size", kInt, ProtoText().number(3, cell.units)),
                                      attribute("direction", kString, ProtoText().bytes(4, direction)),
                                      attribute("activations", kStrings, names)};
  if (!alphas.empty()) {
    attributes.push_back(attribute("activation_alpha", kFloats, ProtoText().floats(7, alphas)));
    attributes.push_back(attribute("activation_beta", kFloats, ProtoText().floats(7, betas)));
  }
  if (cell.kind == CellKind::gru) {
    attributes.push_back(attribute("linear_before_reset", kInt, ProtoText().number(3, cell.reset_after ? 1 : 0)));
  }
  return attributes;
}

void GraphText::add_layer(std::size_t index) {
  const NetworkLayer& layer = network_.spec.layers[index];
  const CellSpec& cell = layer.forward.cell;
  check_plain_layer(layer, index, "ONNX", false);
  if (layer_order(layer) == LayerOrder::backwards) {
    throw ValueError(layer_name(index), "go_backwards, whose outputs are in the order of their computation",
                     "outputs at the steps of their inputs, as ONNX has them");
  }
  std::vector<OnnxCell> cells{{.cell = cell, .weights = network_.weights[index].forward.to(cpu())}};
  if (layer.backward) {
    cells.push_back({.cell = layer.backward->cell, .weights = network_.weights[index].backward->to(cpu())});
  }
  const OnnxWeights weights = onnx_weights(cells);
  const std::string name = "layer_" + std::to_string(index);
  const bool is_last = index + 1 == network_.spec.layers.size();
  NodeText node{
      .op = cell.kind == CellKind::lstm  ? "LSTM"
            : cell.kind == CellKind::gru ? "GRU"
                                         : "RNN",
      .name = name,
      .inputs = {index == 0 ? "x" : "layer_" + std::to_string(index - 1) + "_output", name + "_W", name + "_R"},
      .outputs = {name + "_y", name + "_h"},
      .attributes = attributes_of(index)};
  tensors_.bytes(5, tensor_text(name + "_W", weights.kernel))
      .bytes(5, tensor_text(name + "_R", weights.recurrent_kernel));
  if (weights.bias) {
    node.inputs.push_back(name + "_B");
    tensors_.bytes(5, tensor_text(name + "_B", *weights.bias));
  }
  if (cell.kind == CellKind::lstm) node.outputs.push_back(name + "_c");
  const std::string directions = std::to_string(cells.size());
  for (std::size_t state = 1; state < node.outputs.size(); ++state) {
    outputs_.bytes(12,
                   value_text(node.outputs[state], layer.forward.dtype, {directions, "B", std::to_string(cell.units)}));
  }
  nodes_.bytes(1, node.text());
  // Y (T, D, B, H) to (T, B, D H).
  const std::string order = attribute("perm", kInts, ProtoText().numbers(8, {0, 2, 1, 3}));
  nodes_.bytes(1, NodeText{"Transpose", name + "_transpose", {name + "_y"}, {name + "_rows"}, {order}}.text());
  const std::string output = is_last ? "output" : name + "_output";
  nodes_.bytes(1, NodeText{"Reshape", name + "_reshape", {name + "_rows", "side_by_side"}, {output}, {}}.text());
}

}  // namespace

void save_onnx(const std::filesystem::path& path, const LoadedNetwork& network) {
  const std::string opset = ProtoText().bytes(1, "").number(2, kOpset).text();
  const std::string model =
      ProtoText().number(1, kFormat).bytes(2, "rondo").bytes(7, GraphText(network).text()).bytes(8, opset).text();
  write_file(path, std::array<std::string_view, 1>{model});
}

}  // namespace rondo
