// `rondo convert`: the recurrent layers of one file as another kind of file.
#include <rondo/rondo.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "commands.h"
#include "int8_check.h"
#include "output.h"

namespace rondo::program {
namespace {

struct ConvertOptions {
  ModelChoice model;
  std::string output;
  std::string prefix;
  bool int8 = false;
  std::vector<std::string> check;
};

enum class Target { pytorch, onnx, keras };

Target target_of(const std::string& path) {
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending == ".safetensors") return Target::pytorch;
  if (ending == ".onnx") return Target::onnx;
  if (ending == ".keras") return Target::keras;
  throw ValueError("OUTPUT", "'" + path + "'", "a path that ends in .safetensors, .onnx or .keras");
}

void save(Target target, const ConvertOptions& options, const LoadedNetwork& network) {
  switch (target) {
    case Target::pytorch: return save_pytorch(options.output, network, options.prefix, {.int8 = options.int8});
    case Target::onnx: return save_onnx(options.output, network);
    case Target::keras: return save_keras(options.output, network);
  }
}

Tensor answer(const LoadedNetwork& network) {
  constexpr std::int64_t kSteps = 7;
  constexpr std::int64_t kRows = 3;
  const Tensor x = example_tensor({kSteps, kRows, network.input_features()}, network.spec.layers.front().forward.dtype);
  const Tensor y = Tensor::empty({kSteps, kRows, network.output_features()}, x.dtype());
  network.session({.T = kSteps, .B = kRows}).run({.x = x, .y = y});
  return y.to(DType::f64);
}

/// The network with the weights that a file in 8 bits has.
LoadedNetwork in_8_bits(LoadedNetwork network) {
  for (std::size_t k = 0; k < network.weights.size(); ++k) {
    NetworkLayer& layer = network.spec.layers[k];
    NetworkWeights& weights = network.weights[k];
    layer.forward.dtype = DType::f32;
    weights.forward = dequantize(quantize(weights.forward));
    if (!layer.backward) continue;
    layer.backward->dtype = DType::f32;
    weights.backward = dequantize(quantize(*weights.backward));
  }
  return network;
}

/// Runs the written file beside the network that it was made of. Throws `ValueError` if they disagree.
double difference(const ConvertOptions& options, const LoadedNetwork& network) {
  ModelChoice written{.file = options.output};
  const NetworkLayer& first = network.spec.layers.front();
  if (first.forward.cell.kind == CellKind::simple_rnn) written.activation = to_string(first.forward.cell.activation);
  const std::vector<double> expected = answer(network).to_vector<double>();
  const std::vector<double> came = answer(open_network(written)).to_vector<double>();
  double largest = 0.0;
  for (std::size_t k = 0; k < expected.size(); ++k) largest = std::max(largest, std::abs(expected[k] - came[k]));
  const bool is_16_bit = size_of(first.forward.dtype) == 2;
  const double most = is_16_bit ? 0.05 : 1e-5;
  if (came.size() == expected.size() && largest <= most) return largest;
  throw ValueError(options.output, "a network whose outputs differ by " + std::to_string(largest),
                   "those of " + options.model.file);
}

void convert(const ConvertOptions& options) {
  const Target target = target_of(options.output);
  if (options.int8 && target != Target::pytorch) {
    throw ValueError("--int8", "'" + options.output + "'",
                     "a path that ends in .safetensors: the weights of ONNX's and Keras's layers are floats");
  }
  if (!options.check.empty() && !options.int8) throw ValueError("--check", "an input", "--int8 as well");
  const LoadedNetwork network = open_network(options.model);
  {
    Progress progress("rondo: writes " + options.output);
    save(target, options, network);
  }
  const double largest = difference(options, options.int8 ? in_8_bits(network) : network);
  print_line(options.output + ": " + std::to_string(network.spec.layers.size()) +
             " layers, which give the numbers of " + options.model.file +
             (options.int8 ? " with weights in 8 bits" : "") + " within " + nlohmann::json(largest).dump());
  if (options.int8) print_line("weights in 8 bits, which run in 8 bits with --math int8; PyTorch does not read them");
  if (!options.check.empty()) print_int8_errors(options.model, options.check);
  if (target == Target::pytorch && !options.int8) print_line("in Python: " + pytorch_class(network));
}

}  // namespace

void add_convert(CLI::App& program) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* command = program.add_subcommand(
      "convert", "write the recurrent layers of a file as another kind of file, and compare both");
  add_model(*command, options->model);
  command->add_option("OUTPUT", options->output, "a path that ends in .safetensors (PyTorch's names), .onnx or .keras")
      ->required();
  command->add_option("--prefix", options->prefix, "what names of PyTorch begin with, such as encoder.lstm.");
  command->add_flag("--int8", options->int8, "write weights in 8 bits, a quarter of the size; to .safetensors alone");
  command->add_option(
      "--check", options->check,
      "inputs of MODEL, as --input of `rondo run`: how far its answers in 8 bits are from those in f32");
  command->footer(
      "Examples:\n"
      "  rondo convert forecast.keras forecast.onnx\n"
      "  rondo convert forecast.keras small.safetensors --int8 --check x.npy\n"
      "  rondo convert model.onnx weights.safetensors --part lstm_1,lstm_2 --prefix lstm.");
  command->callback([options] { convert(*options); });
}

}  // namespace rondo::program
