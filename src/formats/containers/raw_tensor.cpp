#include "formats/containers/raw_tensor.h"

#include <algorithm>
#include <cstring>

#include "rondo/vocabulary/error.h"

namespace rondo {

std::uint64_t byte_count(const Shape& shape, DType dtype, const std::string& where) {
  auto extent = static_cast<std::int64_t>(size_of(dtype));
  bool empty = false;
  for (const std::int64_t size : shape) {
    empty = empty || size == 0;
    if (__builtin_mul_overflow(extent, std::max<std::int64_t>(size, 1), &extent)) {
      throw ValueError(where + ": shape", to_string(shape), "one of less than 2^63 bytes");
    }
  }
  return empty ? 0 : static_cast<std::uint64_t>(extent);
}

void check_booleans(std::span<const std::byte> bytes, const std::string& where) {
  const auto wrong = std::find_if(bytes.begin(), bytes.end(), [](std::byte byte) { return byte > std::byte{1}; });
  if (wrong != bytes.end()) {
    throw ValueError(where, "a BOOL of " + std::to_string(std::to_integer<int>(*wrong)), "0 or 1");
  }
}

Tensor copy_tensor(std::span<const std::byte> bytes, const Shape& shape, DType dtype, const std::string& where) {
  const std::uint64_t expected = byte_count(shape, dtype, where);
  if (bytes.size() != expected) {
    throw ValueError(where, std::to_string(bytes.size()) + " bytes",
                     std::to_string(expected) + " bytes for " + to_string(dtype) + to_string(shape));
  }
  if (dtype == DType::boolean) check_booleans(bytes, where);
  Tensor tensor = Tensor::empty(shape, dtype);
  if (!bytes.empty()) std::memcpy(tensor.data(), bytes.data(), bytes.size());
  return tensor;
}

}  // namespace rondo
