#include "formats/onnx/onnx_inputs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {

void check_onnx_input(const std::string& name, const Tensor& tensor, const Shape& shape, const Tensor& like) {
  check_tensor(tensor, {name, shape, like.dtype(), like.device()});
}

void check_onnx_lengths(const Tensor& lengths, std::int64_t T, std::int64_t B, Device device) {
  check_tensor(lengths, {"sequence_lens", {B}, DType::i32, device});
  if (device.type != DeviceType::cpu) return;
  for (const std::int32_t length : lengths.to_vector<std::int32_t>()) {
    if (length >= 0 && length <= T) continue;
    throw ValueError("sequence_lens", std::to_string(length), "from 0 to T = " + std::to_string(T));
  }
}

bool is_zero_state(const Tensor& state) {
  if (!is_floating(state.dtype())) return false;
  const std::vector<double> numbers = state.to(DType::f64).to_vector<double>();
  return std::all_of(numbers.begin(), numbers.end(), [](double number) { return number == 0.0; });
}

}  // namespace rondo
