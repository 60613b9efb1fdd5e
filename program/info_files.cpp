#include <rondo/rondo.h>

#include <algorithm>
#include <functional>
#include <set>

#include "recurrent_files.h"
#include "report.h"
#include "tensor_files.h"

namespace rondo::program {
namespace {

std::int64_t bytes_of(const Tensor& tensor) {
  return tensor.numel() * static_cast<std::int64_t>(size_of(tensor.dtype()));
}

void add_arrays(const NamedTensors& tensors, Report& report) {
  for (const NamedTensor& named : tensors) {
    report.arrays.push_back({.name = named.name,
                             .kind = to_string(named.tensor.dtype()) + to_string(named.tensor.shape()),
                             .bytes = bytes_of(named.tensor)});
  }
}

/// Calls `function`, and keeps the message of what Rondo refuses in `problem`.
void keep_problem(std::string& problem, const std::function<void()>& function) {
  try {
    function();
  } catch (const Error& error) {
    problem = error.what();
  }
}

void look_into_safetensors(const ModelChoice& choice, const Sizes& sizes, Report& report) {
  const Safetensors file = load_safetensors(choice.file);
  for (const auto& [key, value] : file.metadata()) report.facts.emplace_back(key, value);
  for (const std::string& prefix : pytorch_prefixes(file)) {
    Part part{.name = prefix, .class_name = "module of PyTorch"};
    keep_problem(part.problem, [&] {
      const LoadedNetwork network = pytorch_network(file, {.prefix = prefix}).to(device_from_name(choice.device));
      describe_network(network, sizes, part);
      part.class_name = pytorch_class(network);
    });
    report.parts.push_back(part);
  }
  add_arrays(file.tensors(), report);
  for (const UnreadableTensor& named : file.unreadable()) {
    report.arrays.push_back({.name = named.name, .kind = named.came, .problem = "expected " + named.expected});
  }
}

void look_into_onnx(const ModelChoice& choice, const Sizes& sizes, Report& report) {
  const OnnxModel model = load_onnx(choice.file);
  report.facts = {{"producer", model.producer},
                  {"opset", std::to_string(model.opset)},
                  {"ONNX's file format", std::to_string(model.ir_version)}};
  const std::string others = nodes_left_out(model);
  if (!others.empty()) report.facts.emplace_back("not run", others + ": ONNX Runtime runs whole models");
  for (const OnnxNode& node : model.nodes) {
    Part part{.name = node.name, .class_name = to_string(node.op.kind) + " " + to_string(node.op.direction)};
    keep_problem(part.problem, [&] {
      const OnnxWeights weights = node.weights();
      count({weights.kernel, weights.recurrent_kernel}, part);
      if (weights.bias) count({*weights.bias}, part);
      part.sizes =
          "I " + std::to_string(weights.kernel.size(2)) + ", H " + std::to_string(weights.recurrent_kernel.size(2));
      const OnnxRunner runner(node, device_from_name(choice.device));
      part.reason = runner.explain(sizes.T, sizes.B, false);
      part.weights = 0;
      part.bytes = 0;
      describe_network(onnx_network(std::span(&node, 1)).to(device_from_name(choice.device)), sizes, part);
    });
    // A node that runs step by step is no network, and no problem either.
    if (part.reason.starts_with("step by step")) {
      part.runs_on = "step by step";
      part.problem.clear();
    }
    report.parts.push_back(part);
  }
  if (model.nodes.empty()) report.problems.emplace_back("there is no RNN, GRU or LSTM node that Rondo could run");
}

/// Adds a layer, and those of a model within, which are named by their paths: "tower/lstm".
void add_keras_layer(const KerasLayer& layer, const std::string& path, Device device, const Sizes& sizes,
                     Report& report) {
  Part part{.name = path + layer.name, .class_name = layer.class_name.empty() ? "(weights alone)" : layer.class_name};
  if (layer.layers.empty()) count(layer.weights, part);
  part.problem = layer.problem;
  const bool is_network = layer.recurrent || layer.class_name == "Bidirectional";
  if (is_network && part.problem.empty()) {
    Part counted;
    keep_problem(part.problem,
                 [&] { describe_network(keras_network(std::span(&layer, 1)).to(device), sizes, counted); });
    part.sizes = counted.sizes;
    part.runs_on = counted.runs_on;
    part.reason = counted.reason;
  } else if (layer.layers.empty()) {
    for (const Tensor& weight : layer.weights)
      part.sizes += (part.sizes.empty() ? "" : " ") + to_string(weight.shape());
  }
  report.parts.push_back(part);
  for (const KerasLayer& inner : layer.layers) {
    add_keras_layer(inner, path + layer.name + "/", device, sizes, report);
  }
}

void look_into_keras(const ModelChoice& choice, const Sizes& sizes, Report& report) {
  const KerasModel model = open_keras(choice);
  if (!model.keras_version.empty()) report.facts.emplace_back("Keras", model.keras_version);
  const Device device = device_from_name(choice.device);
  for (const KerasLayer& layer : model.layers) add_keras_layer(layer, "", device, sizes, report);
  if (!model.problem.empty()) report.problems.push_back(model.problem);
  if (model.configuration.empty()) {
    report.problems.emplace_back("the file has weights alone: it cannot run as a whole model");
    return;
  }
  std::string problem;
  keep_problem(problem, [&] { report.plan = Model(model, {.device = device_from_name(choice.device)}).describe(); });
  if (!problem.empty()) report.problems.push_back("as a whole model: " + problem);
}

}  // namespace

void count(const std::vector<Tensor>& tensors, Part& part) {
  for (const Tensor& tensor : tensors) {
    part.weights += tensor.numel();
    part.bytes += bytes_of(tensor);
  }
}

void describe_network(const LoadedNetwork& network, const Sizes& sizes, Part& part) {
  const NetworkLayer& first = network.spec.layers.front();
  part.sizes = "I " + std::to_string(first.forward.I) + ", H " + std::to_string(first.forward.cell.units);
  if (first.forward.cell.projection_units) part.sizes += ", P " + std::to_string(*first.forward.cell.projection_units);
  if (network.spec.layers.size() > 1) part.sizes += ", " + std::to_string(network.spec.layers.size()) + " layers";
  if (first.backward) part.sizes += ", both directions";
  for (const NetworkWeights& layer : network.weights) {
    const auto add = [&](const Tensor& tensor) {
      count({tensor}, part);
      return tensor;
    };
    static_cast<void>(layer.forward.map(add));
    if (layer.backward) static_cast<void>(layer.backward->map(add));
  }
  const NetworkPlan plan = NetworkPlan::create(network.sized({.T = sizes.T, .B = sizes.B}));
  std::set<std::string> executors;
  for (const NetworkStage& stage : plan.stages()) {
    for (const NetworkLane& lane : stage.lanes) executors.insert(lane.plan.executor_name());
  }
  for (const std::string& executor : executors) part.runs_on += (part.runs_on.empty() ? "" : ", ") + executor;
  part.reason = plan.explain();
}

Report look_into(const ModelChoice& choice, const Sizes& sizes) {
  const FileKind kind = file_kind(std::filesystem::path(choice.file));
  Report report{.file = choice.file, .kind = described(kind)};
  switch (kind) {
    case FileKind::safetensors:
    case FileKind::safetensors_index: look_into_safetensors(choice, sizes, report); break;
    case FileKind::onnx: look_into_onnx(choice, sizes, report); break;
    case FileKind::hdf5:
    case FileKind::keras_archive:
    case FileKind::keras_index:
    case FileKind::keras_architecture: look_into_keras(choice, sizes, report); break;
    case FileKind::npy:
    case FileKind::npz: add_arrays(read_tensors(choice.file), report); break;
    default: throw ValueError(choice.file, report.kind, "a file of Keras, ONNX or safetensors, a .npy or an .npz");
  }
  return report;
}

}  // namespace rondo::program
