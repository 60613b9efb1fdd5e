#include "host_rows.h"

#include <cstring>

namespace rondo::triton {
namespace {

/// An element is NaN or infinite where all bits of its exponent are set.
template <typename Bits>
bool none_has(const std::byte* data, std::size_t bytes, Bits exponent) {
  bool none = true;
  for (std::size_t at = 0; at + sizeof(Bits) <= bytes; at += sizeof(Bits)) {
    Bits bits = 0;
    std::memcpy(&bits, data + at, sizeof(Bits));
    none &= (bits & exponent) != exponent;
  }
  return none;
}

}  // namespace

HostRows::HostRows(std::int64_t rows, std::int64_t features, DType dtype, Device device)
    : host_(Tensor::zeros({rows, features}, dtype)),
      device_(device == cpu() ? host_ : Tensor::zeros({rows, features}, dtype, device)),
      row_bytes_(static_cast<std::size_t>(features) * size_of(dtype)) {}

std::byte* HostRows::row(std::int64_t index) const {
  return static_cast<std::byte*>(host_.data()) + static_cast<std::size_t>(index) * row_bytes_;
}

void HostRows::send(std::int64_t count) const {
  if (device_.device() != cpu()) on_device(count).copy_from(host_.slice(0, 0, count));
}

void HostRows::fetch(std::int64_t count) const {
  if (device_.device() != cpu()) host_.slice(0, 0, count).copy_from(on_device(count));
}

bool all_finite(const std::byte* data, std::size_t bytes, DType dtype) {
  switch (dtype) {
    case DType::f64: return none_has<std::uint64_t>(data, bytes, 0x7ff0000000000000U);
    case DType::f32: return none_has<std::uint32_t>(data, bytes, 0x7f800000U);
    case DType::f16: return none_has<std::uint16_t>(data, bytes, 0x7c00U);
    case DType::bf16: return none_has<std::uint16_t>(data, bytes, 0x7f80U);
    default: return true;
  }
}

}  // namespace rondo::triton
