/// Reads any bytes as an ONNX model, and as a single tensor: parsed or refused with `ValueError`, with no other
/// outcome. A node that was accepted with its weights is run.
#include <cstddef>
#include <cstdint>
#include <span>

#include "rondo/formats/onnx_model.h"
#include "rondo/vocabulary/error.h"

namespace {

// Weights bound the sizes that a file of a few bytes can ask for, except for rows of zero features.
constexpr std::int64_t kLargestWidth = 64;

void run(const rondo::OnnxNode& node) {
  const rondo::OnnxWeights weights = node.weights();
  const std::int64_t I = weights.kernel.size(2);
  if (I > kLargestWidth || weights.recurrent_kernel.size(2) > kLargestWidth) return;
  rondo::OnnxRunner runner(node);
  const rondo::Shape shape = node.op.batch_major ? rondo::Shape{2, 3, I} : rondo::Shape{3, 2, I};
  static_cast<void>(runner.run({.x = rondo::Tensor::zeros(shape, weights.kernel.dtype())}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  try {
    static_cast<void>(rondo::parse_onnx_tensor(bytes, "fuzzed").to(rondo::DType::f64));
  } catch (const rondo::ValueError&) {  // the documented refusal
  }
  try {
    for (const rondo::OnnxNode& node : rondo::parse_onnx(bytes, "fuzzed").nodes) {
      try {
        run(node);
      } catch (const rondo::ValueError&) {  // a weight that the model does not hold, or constants that do not fit
      }
    }
  } catch (const rondo::ValueError&) {
  }
  return 0;
}
