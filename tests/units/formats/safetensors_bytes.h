/// Builds right and wrong safetensors files from parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace rondo::test {

/// The eight bytes at the start of a file.
inline std::string header_size(std::uint64_t size) {
  std::string bytes;
  for (int k = 0; k < 8; ++k) bytes += static_cast<char>((size >> (8 * k)) & 0xff);
  return bytes;
}

inline std::string safetensors_bytes(const std::string& header, const std::string& data) {
  return header_size(header.size()) + header + data;
}

/// The text {"name": {"dtype": ..., "shape": ..., "data_offsets": ...}} without the outer braces.
inline std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                         const std::string& offsets) {
  std::string text = "\"";
  return text + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

/// The text {members}.
inline std::string object(const std::string& members) {
  std::string text = "{";
  text += members;
  text += "}";
  return text;
}

template <typename Element>
std::string raw(const std::vector<Element>& elements) {
  std::string bytes(elements.size() * sizeof(Element), '\0');
  std::memcpy(bytes.data(), elements.data(), bytes.size());
  return bytes;
}

inline std::span<const std::byte> as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace rondo::test
