#include "formats/onnx/onnx_inputs.h"

#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo {

void check_onnx_input(const std::string& name, const Tensor& tensor, const Shape& shape, const Tensor& like) {
  const bool fits =
      tensor.defined() && tensor.shape() == shape && tensor.dtype() == like.dtype() && tensor.device() == like.device();
  if (fits) return;
  throw ValueError(name, describe(tensor),
                   to_string(like.dtype()) + to_string(shape) + " on " + to_string(like.device()));
}

void check_onnx_lengths(const Tensor& lengths, std::int64_t T, std::int64_t B, Device device) {
  const Shape shape{B};
  if (!lengths.defined() || lengths.shape() != shape || lengths.dtype() != DType::i32 || lengths.device() != device) {
    throw ValueError("sequence_lens", describe(lengths), "i32" + to_string(shape) + " on " + to_string(device));
  }
  if (device.type != DeviceType::cpu) return;
  for (const std::int32_t length : lengths.to_vector<std::int32_t>()) {
    if (length >= 0 && length <= T) continue;
    throw ValueError("sequence_lens", std::to_string(length), "from 0 to T = " + std::to_string(T));
  }
}

}  // namespace rondo
