/// A checksum of bytes, which finds damage. It is no defence against those who mean to deceive.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace rondo {

/// The sum depends on the bytes, on their order, and on how they are cut into calls of `add`.
class Checksum {
 public:
  void add(std::uint64_t number) { sum_ = std::rotl(sum_ ^ number * 0x9e3779b97f4a7c15, 29) * 0xbf58476d1ce4e5b9; }

  void add(std::span<const std::byte> bytes) {
    for (; bytes.size() >= sizeof(std::uint64_t); bytes = bytes.subspan(sizeof(std::uint64_t))) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), sizeof(word));
      add(word);
    }
    std::uint64_t rest = bytes.size();
    for (const std::byte byte : bytes) rest = rest << 8 | static_cast<std::uint64_t>(byte);
    add(rest);
  }

  std::uint64_t sum() const { return sum_ ^ sum_ >> 32; }

 private:
  std::uint64_t sum_ = 0x6f646e6f72;
};

}  // namespace rondo
