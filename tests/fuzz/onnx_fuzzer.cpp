/// Reads any bytes as an ONNX model, and as a single tensor: parsed or refused with `ValueError`, with no other
/// outcome. What is behind the names of a model is computed, its stack is looked for, and a node that was accepted with
/// its weights is run. The model is in an empty folder, so that it may name files.
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "rondo/formats/onnx_model.h"
#include "rondo/vocabulary/error.h"

namespace {

// Weights bound the sizes that a file of a few bytes can ask for, except for rows of zero features.
constexpr std::int64_t kLargestWidth = 64;
constexpr std::size_t kMostNames = 16;

/// Calls a function whose refusal is documented.
template <typename Call>
void attempt(const Call& call) {
  try {
    call();
  } catch (const rondo::ValueError&) {
  }
}

void run(const rondo::OnnxNode& node) {
  const rondo::OnnxWeights weights = node.weights();
  const std::int64_t I = weights.kernel.size(2);
  if (I > kLargestWidth || weights.recurrent_kernel.size(2) > kLargestWidth) return;
  rondo::OnnxRunner runner(node);
  const rondo::Shape shape = node.op.batch_major ? rondo::Shape{2, 3, I} : rondo::Shape{3, 2, I};
  static_cast<void>(runner.run({.x = rondo::Tensor::zeros(shape, weights.kernel.dtype())}));
}

void use(const rondo::OnnxModel& model) {
  static_cast<void>(describe(model));
  attempt([&] { static_cast<void>(onnx_network(model)); });
  for (std::size_t k = 0; k < std::min(kMostNames, model.tensors.size()); ++k) {
    attempt([&] { static_cast<void>(model.tensor(model.tensors[k].name)); });
  }
  for (const rondo::OnnxNode& node : model.nodes) {
    attempt([&] { run(node); });
    for (const std::string& name : node.inputs) {
      attempt([&] { static_cast<void>(model.tensor(name)); });
    }
  }
}

/// The path of the only file in a folder of its own.
const std::filesystem::path& model_path() {
  static const std::filesystem::path path = [] {
    const auto folder = std::filesystem::temp_directory_path() / ("rondo_onnx_fuzzer_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    return folder / "model.onnx";
  }();
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  attempt([&] { static_cast<void>(rondo::parse_onnx_tensor(bytes, "fuzzed").to(rondo::DType::f64)); });
  attempt([&] { use(rondo::parse_onnx(bytes, "fuzzed")); });
  // Files are slow: only models that may name some are written.
  if (std::string_view(reinterpret_cast<const char*>(data), size).find("location") != std::string_view::npos) {
    std::ofstream(model_path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    attempt([&] { use(rondo::load_onnx(model_path())); });
  }
  return 0;
}
