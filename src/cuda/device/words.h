/// Words of 4 bytes, as the tensor cores and the exchanges between blocks take numbers.
#pragma once

#include <cstdint>

namespace rondo::device {

/// What moves in one access.
struct alignas(16) Words4 {
  std::uint32_t words[4];
};

/// A word that blocks of a grid exchange through global memory, together with the number of the exchange it belongs to.
struct Packet {
  std::uint32_t word;
  std::uint32_t epoch;
};

/// Two neighbouring packets in one access; each is written and read for itself.
struct alignas(16) PacketPair {
  Packet packets[2];
};

/// Two neighbouring words in one access; each is written and read for itself.
struct alignas(8) WordPair {
  std::uint32_t words[2];
};

}  // namespace rondo::device
