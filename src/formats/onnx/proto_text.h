/// Writes messages in protobuf's encoding: https://protobuf.dev/programming-guides/encoding.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace rondo {

/// The fields of one message, in the order in which they are added.
class ProtoText {
 public:
  const std::string& text() const { return text_; }

  /// Adds an integer.
  ProtoText& number(std::uint32_t field, std::int64_t value) {
    varint(field << 3U);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }

  /// Adds bytes, a string or a message.
  ProtoText& bytes(std::uint32_t field, std::string_view value) {
    varint((field << 3U) | 2U);
    varint(value.size());
    text_ += value;
    return *this;
  }

  /// Adds a list of floats, packed.
  ProtoText& floats(std::uint32_t field, const std::vector<float>& values) {
    std::string list(values.size() * sizeof(float), '\0');
    std::memcpy(list.data(), values.data(), list.size());
    return bytes(field, list);
  }

  /// Adds a list of integers, packed.
  ProtoText& numbers(std::uint32_t field, const std::vector<std::int64_t>& values) {
    ProtoText list;
    for (const std::int64_t value : values) list.varint(static_cast<std::uint64_t>(value));
    return bytes(field, list.text_);
  }

  /// Adds fields that are written already.
  ProtoText& raw(std::string_view fields) {
    text_ += fields;
    return *this;
  }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) text_ += static_cast<char>((value & 0x7f) | 0x80);
    text_ += static_cast<char>(value);
  }

  std::string text_;
};

}  // namespace rondo
