#include "rondo/recurrence/quantized.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "recurrence/int8_scale.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

constexpr int kOffset = 128;

/// The scales of the columns of a matrix of f32 on the host. Throws for numbers that are not finite.
std::vector<Int8Scale> scales_of(const float* numbers, const Shape& shape, const std::string& name) {
  const std::int64_t columns = shape[1];
  std::vector<std::uint32_t> largest(static_cast<std::size_t>(columns));
  for (std::int64_t k = 0; k < shape[0]; ++k) {
    for (std::size_t column = 0; column < largest.size(); ++column) {
      largest[column] = std::max(largest[column], magnitude_bits(*numbers++));
    }
  }
  std::vector<Int8Scale> scales;
  for (std::size_t column = 0; column < largest.size(); ++column) {
    scales.push_back(int8_scale(largest[column]));
    if (std::isnan(scales.back().scale)) {
      throw ValueError(name, "numbers that are not finite in column " + std::to_string(column), "finite numbers");
    }
  }
  return scales;
}

}  // namespace

QuantizedMatrix quantize(const Tensor& matrix, const std::string& name) {
  if (!matrix.defined() || matrix.rank() != 2 || !is_floating(matrix.dtype())) {
    throw ValueError(name, describe(matrix), "a floating tensor of rank 2");
  }
  const Tensor numbers = matrix.to(cpu()).to(DType::f32).contiguous();
  const std::int64_t columns = numbers.size(1);
  const auto* from = numbers.data<float>();
  const std::vector<Int8Scale> scales = scales_of(from, numbers.shape(), name);
  QuantizedMatrix result{Tensor::empty(numbers.shape(), DType::u8), Tensor::empty({columns}, DType::f32)};
  auto* const bytes = result.bytes.data<std::uint8_t>();
  for (std::int64_t i = 0; i < numbers.numel(); ++i) {
    bytes[i] =
        static_cast<std::uint8_t>(int8_of(from[i], scales[static_cast<std::size_t>(i % columns)].inverse) + kOffset);
  }
  std::transform(scales.begin(), scales.end(), result.scales.data<float>(),
                 [](const Int8Scale& scale) { return scale.scale; });
  return result;
}

Tensor dequantize(const QuantizedMatrix& matrix, const std::string& name) {
  if (!matrix.bytes.defined() || matrix.bytes.rank() != 2 || matrix.bytes.dtype() != DType::u8) {
    throw ValueError(name + " bytes", describe(matrix.bytes), "a u8 tensor of rank 2");
  }
  const std::int64_t columns = matrix.bytes.size(1);
  check_tensor(matrix.scales, {.name = name + " scales", .shape = {columns}, .dtype = DType::f32});
  const Tensor bytes = matrix.bytes.to(cpu()).contiguous();
  const Tensor scales = matrix.scales.to(cpu()).contiguous();
  Tensor numbers = Tensor::empty(bytes.shape(), DType::f32);
  const auto* const from = bytes.data<std::uint8_t>();
  const auto* const scale = scales.data<float>();
  auto* const to = numbers.data<float>();
  for (std::int64_t i = 0; i < bytes.numel(); ++i) {
    to[i] = static_cast<float>(static_cast<int>(from[i]) - kOffset) * scale[i % columns];
  }
  return numbers;
}

QuantizedWeights quantize(const RecurrentWeights& weights) {
  const auto in_f32 = [](const std::optional<Tensor>& weight) {
    return weight ? std::optional(weight->to(cpu()).to(DType::f32)) : std::nullopt;
  };
  return {quantize(weights.kernel, "weight kernel"), quantize(weights.recurrent_kernel, "weight recurrent_kernel"),
          in_f32(weights.bias), in_f32(weights.peepholes), in_f32(weights.projection)};
}

RecurrentWeights dequantize(const QuantizedWeights& weights) {
  return {dequantize(weights.kernel, "weight kernel"), dequantize(weights.recurrent_kernel, "weight recurrent_kernel"),
          weights.bias, weights.peepholes, weights.projection};
}

}  // namespace rondo
