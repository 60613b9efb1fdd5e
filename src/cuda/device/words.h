/// Words of 4 bytes, as the tensor cores and the exchanges between blocks take numbers.
#pragma once

#include <cstdint>

namespace rondo::device {

/// Four words that move in one access.
struct alignas(16) Words4 {
  std::uint32_t words[4];
};

/// A word that blocks of a grid exchange through global memory, together with the number of its exchange.
struct Packet {
  std::uint32_t word;
  std::uint32_t epoch;
};

/// Two neighbouring packets, read in one access. Each packet is written and read as one, but the pair is not.
struct alignas(16) PacketPair {
  Packet packets[2];
};

/// Two neighbouring words, read in one access. Each word is written and read as one, but the pair is not.
struct alignas(8) WordPair {
  std::uint32_t words[2];
};

}  // namespace rondo::device
