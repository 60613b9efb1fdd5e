#include "arguments.h"

#include <rondo/vocabulary/error.h>

#include <CLI/CLI.hpp>

namespace rondo::program {

Device device_from_name(const std::string& name) {
  if (name == "cpu") return cpu();
  if (name == "cuda") return cuda(0);
  const std::string digits = name.starts_with("cuda:") ? name.substr(5) : "";
  const bool is_index =
      !digits.empty() && digits.size() < 4 && digits.find_first_not_of("0123456789") == std::string::npos;
  if (!is_index) throw ValueError("--device", "'" + name + "'", "cpu, cuda or cuda:N");
  return cuda(std::stoi(digits));
}

void add_model(CLI::App& command, ModelChoice& choice) {
  command.add_option("MODEL", choice.file, "a .keras, .h5, .json with --weights, .onnx or .safetensors file")
      ->required();
  command.add_option("--weights", choice.weights, "the weights of a model whose file is a .json");
  command
      .add_option("--part", choice.parts,
                  "a layer of Keras, a node of ONNX, or the prefix of a PyTorch module; several layers or nodes, "
                  "with commas, stand on top of each other")
      ->delimiter(',');
  command.add_flag("--batch-first", choice.batch_first, "PyTorch: x is (B, T, I) in place of (T, B, I)");
  command
      .add_option("--activation", choice.activation, "the nonlinearity of a torch.nn.RNN, which its file does not have")
      ->capture_default_str();
  command.add_option("--device", choice.device, "cpu, cuda or cuda:N")->capture_default_str();
  command
      .add_option("--math", choice.math, "how f32 is multiplied: strict, bf16, bf16x3 or int8; tf32 or tf32x3 on CUDA")
      ->capture_default_str();
}

void add_sizes(CLI::App& command, Sizes& sizes) {
  constexpr std::int64_t kMost = 1'000'000;
  command.add_option("-T,--T", sizes.T, "time steps")->check(CLI::Range(std::int64_t{1}, kMost))->capture_default_str();
  command.add_option("-B,--B", sizes.B, "rows of the batch")
      ->check(CLI::Range(std::int64_t{1}, kMost))
      ->capture_default_str();
}

}  // namespace rondo::program
