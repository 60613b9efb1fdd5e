#include "recurrent_files.h"

#include <set>
#include <utility>

namespace rondo::program {
namespace {

/// The network with the math in all its layers.
LoadedNetwork with_math(LoadedNetwork network, MatrixMath math) {
  for (NetworkLayer& layer : network.spec.layers) {
    layer.forward.math = math;
    if (layer.backward) layer.backward->math = math;
  }
  return network;
}

std::string units_of(const LoadedNetwork& network) { return std::to_string(network.output_features()); }

/// A torch.nn module.
class PytorchRunnable final : public Runnable {
 public:
  PytorchRunnable(const Safetensors& file, const std::string& prefix, const ModelChoice& choice)
      : module_(file, {.prefix = prefix,
                       .activation = activation_from_name(choice.activation),
                       .batch_first = choice.batch_first,
                       .device = device_from_name(choice.device),
                       .plan = {.math = math_from_name(choice.math)}}),
        batch_first_(choice.batch_first),
        math_(math_from_name(choice.math)) {}

  std::vector<Slot> inputs() const override {
    const std::string order = batch_first_ ? "(B, T, " : "(T, B, ";
    std::vector<Slot> slots{
        {.name = "x", .sizes = order + std::to_string(network().input_features()) + ")", .dtype = dtype()},
        {.name = "h_0", .sizes = "(layers, B, H)", .required = false, .dtype = dtype()}};
    if (is_lstm()) slots.push_back({.name = "c_0", .sizes = "(layers, B, H)", .required = false, .dtype = dtype()});
    slots.push_back({.name = "lengths", .sizes = "(B,)", .required = false, .rank = 1, .dtype = DType::i32});
    return slots;
  }
  std::vector<Slot> outputs() const override {
    std::vector<Slot> slots{
        {.name = "output", .sizes = (batch_first_ ? "(B, T, " : "(T, B, ") + units_of(network()) + ")"},
        {.name = "h_n", .sizes = "(layers, B, H)", .required = false}};
    if (is_lstm()) slots.push_back({.name = "c_n", .sizes = "(layers, B, H)", .required = false});
    return slots;
  }
  NamedTensors run(const TensorMap& inputs) override {
    PyTorchCall call;
    const auto take = [&](const char* name, std::optional<Tensor>& place) {
      if (const auto found = inputs.find(name); found != inputs.end()) place = found->second;
    };
    take("h_0", call.h_0);
    take("c_0", call.c_0);
    take("lengths", call.lengths);
    PyTorchOutputs outputs = module_(inputs.at("x"), call);
    NamedTensors named{{"output", outputs.output}, {"h_n", outputs.h_n}};
    if (outputs.c_n) named.push_back({"c_n", *outputs.c_n});
    return named;
  }
  TensorMap example(std::int64_t T, std::int64_t B) const override {
    const std::int64_t I = network().input_features();
    return {{"x", example_tensor(batch_first_ ? Shape{B, T, I} : Shape{T, B, I}, dtype())}};
  }
  std::string explain(std::int64_t T, std::int64_t B) const override { return module_.explain(T, B); }
  std::unique_ptr<Stepper> stream(std::int64_t B) override { return network_stepper(with_math(network(), math_), B); }
  std::int64_t step_features() const override { return network().input_features(); }
  DType dtype() const override { return network().spec.layers.front().forward.dtype; }

 private:
  const LoadedNetwork& network() const { return module_.network(); }
  bool is_lstm() const { return network().spec.layers.front().forward.cell.kind == CellKind::lstm; }

  PyTorchModule module_;
  bool batch_first_;
  MatrixMath math_;
};

/// One node of an ONNX model.
class OnnxRunnable final : public Runnable {
 public:
  OnnxRunnable(const OnnxNode& node, const ModelChoice& choice, std::string remark)
      : node_(node),
        weights_(node.weights()),
        math_(math_from_name(choice.math)),
        runner_(node, device_from_name(choice.device), {.math = math_}),
        remark_(std::move(remark)) {}

  std::vector<Slot> inputs() const override {
    std::vector<Slot> slots{
        {.name = "X", .sizes = sizes("T", "B", std::to_string(I())), .dtype = dtype()},
        {.name = "sequence_lens", .sizes = "(B,)", .required = false, .rank = 1, .dtype = DType::i32},
        {.name = "initial_h", .sizes = states(), .required = false, .dtype = dtype()}};
    if (is_lstm()) slots.push_back({.name = "initial_c", .sizes = states(), .required = false, .dtype = dtype()});
    return slots;
  }
  std::vector<Slot> outputs() const override {
    std::vector<Slot> slots{{.name = "Y", .sizes = node_.op.batch_major ? "(B, T, D, H)" : "(T, D, B, H)", .rank = 4},
                            {.name = "Y_h", .sizes = states(), .required = false}};
    if (is_lstm()) slots.push_back({.name = "Y_c", .sizes = states(), .required = false});
    return slots;
  }
  NamedTensors run(const TensorMap& inputs) override {
    OnnxInputs given{.x = inputs.at("X")};
    const auto take = [&](const char* name, std::optional<Tensor>& place) {
      if (const auto found = inputs.find(name); found != inputs.end()) place = found->second;
    };
    take("sequence_lens", given.lengths);
    take("initial_h", given.initial_h);
    take("initial_c", given.initial_c);
    const OnnxOutputs outputs = runner_.run(given);
    NamedTensors named{{"Y", outputs.y}, {"Y_h", outputs.y_h}};
    if (outputs.y_c) named.push_back({"Y_c", *outputs.y_c});
    return named;
  }
  TensorMap example(std::int64_t T, std::int64_t B) const override {
    return {{"X", example_tensor(node_.op.batch_major ? Shape{B, T, I()} : Shape{T, B, I()}, dtype())}};
  }
  std::string explain(std::int64_t T, std::int64_t B) const override { return runner_.explain(T, B, false); }
  std::unique_ptr<Stepper> stream(std::int64_t B) override {
    return network_stepper(with_math(onnx_network(std::span(&node_, 1)), math_), B);
  }
  std::int64_t step_features() const override { return I(); }
  DType dtype() const override { return weights_.kernel.dtype(); }
  std::string remark() const override { return remark_; }

 private:
  std::int64_t I() const { return weights_.kernel.size(2); }
  bool is_lstm() const { return node_.op.kind == CellKind::lstm; }
  std::string sizes(const std::string& T, const std::string& B, const std::string& last) const {
    return "(" + (node_.op.batch_major ? B + ", " + T : T + ", " + B) + ", " + last + ")";
  }
  std::string states() const { return node_.op.batch_major ? "(B, D, H)" : "(D, B, H)"; }

  OnnxNode node_;
  OnnxWeights weights_;
  MatrixMath math_;
  OnnxRunner runner_;
  std::string remark_;
};

std::string remark_of(const OnnxModel& model) {
  const std::string others = nodes_left_out(model);
  if (others.empty()) return {};
  return model.file + ": runs its recurrent nodes alone, and not " + others + "; ONNX Runtime runs whole models";
}

}  // namespace

std::unique_ptr<Runnable> pytorch_runnable(const ModelChoice& choice) {
  if (choice.parts.size() > 1) {
    throw ValueError("--part", std::to_string(choice.parts.size()) + " names", "one module of PyTorch");
  }
  const Safetensors file = load_safetensors(choice.file);
  const std::string prefix = pytorch_prefix(file, choice.parts.empty() ? "" : choice.parts[0]);
  return std::make_unique<PytorchRunnable>(file, prefix, choice);
}

std::unique_ptr<Runnable> onnx_runnable(const ModelChoice& choice) {
  const OnnxModel model = load_onnx(choice.file);
  const bool is_one = choice.parts.size() == 1 || (choice.parts.empty() && model.nodes.size() == 1);
  if (!is_one) return network_runnable(open_network(choice), false, remark_of(model));
  const OnnxNode& node = choice.parts.empty() ? model.nodes[0] : model.node(choice.parts[0]);
  return std::make_unique<OnnxRunnable>(node, choice, remark_of(model));
}

std::string nodes_left_out(const OnnxModel& model) {
  static const std::set<std::string> kAround{
      "Cast",    "Concat", "Constant", "ConstantOfShape", "Expand",  "DequantizeLinear", "Flatten",  "Identity",
      "Reshape", "Shape",  "Slice",    "Split",           "Squeeze", "Transpose",        "Unsqueeze"};
  std::string text;
  for (const auto& [name, count] : model.other_operators) {
    if (!kAround.contains(name)) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + name;
  }
  return text;
}

LoadedNetwork open_network(const ModelChoice& choice) {
  const NetworkChoice network{
      .parts = choice.parts, .weights = choice.weights, .activation = activation_from_name(choice.activation)};
  return with_math(load_network(choice.file, network).to(device_from_name(choice.device)), math_from_name(choice.math));
}

}  // namespace rondo::program
