#include "cpu/fused/operands.h"

#include <algorithm>
#include <cstring>

namespace rondo::fused {

const float* Operands::input(std::int64_t s, std::int64_t b, std::int64_t live) const {
  const DType dtype = run_.spec.dtype;
  const std::int64_t I = run_.spec.I;
  const std::int64_t offset = run_.buffers.x.strides.offset(run_.buffers.schedule.read_time(s, b), b);
  const auto* x = static_cast<const std::byte*>(run_.buffers.x.data) + offset * element_bytes_;
  if (takes_input_) return reinterpret_cast<const float*>(x);
  float* const converted = scratch_.notes.converted + live * input_stride_;
  if (format_.is_int8()) {
    format_.int8(run_.kernels).quantize_row(reinterpret_cast<const float*>(x), I, converted);
  } else if (format_.is_split()) {
    split(x, dtype, I, converted);
  } else if (dtype == DType::f32) {
    narrow(reinterpret_cast<const float*>(x), I, converted);
  } else if (dtype == format_.operand()) {
    clear_padding(I, converted);
    std::memcpy(converted, x, static_cast<std::size_t>(I * element_bytes_));
  } else {
    run_.kernels.load_row(dtype, x, I, converted);
  }
  return converted;
}

const float* Operands::state(std::int64_t i, const float* states) const {
  if (takes_state_) return states;
  const std::int64_t P = features_;
  float* const pairs = scratch_.notes.pairs + i * state_stride_;
  if (format_.is_int8()) {
    format_.int8(run_.kernels).quantize_row(states, P, pairs);
  } else if (format_.is_split()) {
    split(reinterpret_cast<const std::byte*>(states), DType::f32, P, pairs);
  } else {
    narrow(states, P, pairs);
  }
  return pairs;
}

void Operands::narrow(const float* numbers, std::int64_t K, float* target) const {
  clear_padding(K, target);
  run_.kernels.store_row(numbers, K, format_.operand(), target);
}

/// Writes the high parts of all numbers, and after them the low parts.
void Operands::split(const std::byte* numbers, DType dtype, std::int64_t K, float* target) const {
  constexpr std::int64_t kBlock = 256;
  float block[kBlock];
  clear_padding(K, target);
  auto* const high = reinterpret_cast<BFloat16*>(target);
  auto* const low = reinterpret_cast<BFloat16*>(target + format_.rows(K));
  if (dtype == DType::f32) return run_.kernels.split_row(reinterpret_cast<const float*>(numbers), K, high, low);
  for (std::int64_t k = 0; k < K; k += kBlock) {
    const std::int64_t count = std::min(kBlock, K - k);
    run_.kernels.load_row(dtype, numbers + k * element_bytes_, count, block);
    run_.kernels.split_row(block, count, high + k, low + k);
  }
}

/// Zeros in what follows the last of K numbers, and in the pair that the last one may share.
void Operands::clear_padding(std::int64_t K, float* target) const {
  const std::int64_t rows = format_.rows(K);
  for (int part = 0; part < format_.parts(); ++part, target += rows) {
    std::fill(target + K / format_.together(), target + rows, 0.0F);
  }
}

}  // namespace rondo::fused
