#include "cpu/fused/operands.h"

#include <cstring>

#include "rondo/vocabulary/dtype.h"

namespace rondo::fused {

const float* Operands::input(std::int64_t s, std::int64_t b, std::int64_t live) const {
  const DType dtype = run_.spec.dtype;
  const std::int64_t I = run_.spec.I;
  const auto element_bytes = static_cast<std::int64_t>(size_of(dtype));
  const std::int64_t offset = run_.buffers.x.strides.offset(run_.buffers.schedule.read_time(s, b), b);
  const auto* x = static_cast<const std::byte*>(run_.buffers.x.data) + offset * element_bytes;
  if (format_.takes(dtype, I)) return reinterpret_cast<const float*>(x);
  float* const converted = scratch_.notes.converted + live * format_.operand_stride(I);
  if (format_.is_int8()) {
    format_.int8(run_.kernels).quantize_row(reinterpret_cast<const float*>(x), I, converted);
    return converted;
  }
  if (format_.has_pairs()) converted[I / 2] = 0.0F;  // what follows the last element
  if (dtype == format_.operand()) {
    std::memcpy(converted, x, static_cast<std::size_t>(I * element_bytes));
  } else if (dtype == DType::f32) {
    run_.kernels.store_row(reinterpret_cast<const float*>(x), I, format_.operand(), converted);
  } else {
    run_.kernels.load_row(dtype, x, I, converted);
  }
  return converted;
}

const float* Operands::state(std::int64_t i, const float* states) const {
  const std::int64_t P = output_units(run_.spec.cell);
  if (format_.takes(DType::f32, P)) return states;
  float* const pairs = scratch_.notes.pairs + i * format_.operand_stride(P);
  if (format_.is_int8()) {
    format_.int8(run_.kernels).quantize_row(states, P, pairs);
    return pairs;
  }
  pairs[P / 2] = 0.0F;  // what follows an odd P
  run_.kernels.store_row(states, P, DType::bf16, pairs);
  return pairs;
}

}  // namespace rondo::fused
