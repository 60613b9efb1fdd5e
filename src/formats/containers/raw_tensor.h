/// Tensors from the plain bytes of a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// Bytes of a row-major tensor. Throws `ValueError` naming `where` for a shape of 2^63 bytes or more, even beside a
/// size of 0, because strides are computed from the sizes.
std::uint64_t byte_count(const Shape& shape, DType dtype, const std::string& where);

/// Throws `ValueError` naming `where` for a byte other than 0 and 1, which is undefined behaviour wherever a bool is
/// read from it.
void check_booleans(std::span<const std::byte> bytes, const std::string& where);

/// A row-major copy of little-endian elements. Throws `ValueError` naming `where` unless there are exactly as many
/// bytes as `shape` needs, before anything is allocated, and for booleans as check_booleans.
Tensor copy_tensor(std::span<const std::byte> bytes, const Shape& shape, DType dtype, const std::string& where);

}  // namespace rondo
