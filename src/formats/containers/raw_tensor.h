/// Tensors from the raw bytes of a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// Bytes of a row-major tensor. Throws `ValueError` naming `where` if the sizes other than 0 give 2^63 bytes or more,
/// even for a tensor without elements, because strides are computed from these sizes.
std::uint64_t byte_count(const Shape& shape, DType dtype, const std::string& where);

/// Throws `ValueError` naming `where` for a byte other than 0 and 1, because reading such a byte as a bool is undefined
/// behaviour.
void check_booleans(std::span<const std::byte> bytes, const std::string& where);

/// A row-major copy of little-endian elements. Throws `ValueError` naming `where` unless the number of bytes is that of
/// `shape`, before anything is allocated, and for booleans as check_booleans.
Tensor copy_tensor(std::span<const std::byte> bytes, const Shape& shape, DType dtype, const std::string& where);

}  // namespace rondo
