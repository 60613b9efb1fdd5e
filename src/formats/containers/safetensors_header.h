/// The header of a safetensors file: where each tensor lies.
///
///     8 bytes: N, little-endian    N bytes: JSON    the rest: data, which offsets count from 0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/formats/safetensors.h"
#include "rondo/vocabulary/dtype.h"
#include "rondo/vocabulary/shape.h"

namespace rondo {

struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::f32;
  Shape shape = {};
  std::uint64_t begin = 0;  ///< byte offsets into the data
  std::uint64_t end = 0;
  /// Set for a tensor that Rondo cannot hold, whose dtype and shape above mean nothing.
  std::optional<UnreadableTensor> unreadable = std::nullopt;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< by offset; together they cover the data without holes or overlap
  std::map<std::string, std::string> metadata;
};

inline constexpr std::size_t kSafetensorsPrefix = 8;

/// The header's size N. Throws `ValueError` naming `file` for more than 100 MB, or more than a file of `file_size` has.
std::uint64_t safetensors_header_size(const std::array<std::byte, kSafetensorsPrefix>& prefix, std::uint64_t file_size,
                                      const std::string& file);

/// Parses and checks the JSON text for `data_size` bytes of data. Throws `ValueError` as load_safetensors.
SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_size, const std::string& file);

/// What the format calls a dtype: "F32".
std::string safetensors_name(DType dtype);

}  // namespace rondo
