/// What a compiler is not to see through.
#pragma once

#include <cstdint>

namespace rondo::device {

/// The same word. Whatever is computed from it is computed here, and not kept from before a loop, where it would take
/// registers all the while.
__device__ inline std::uint32_t opaque(std::uint32_t word) {
  asm volatile("" : "+r"(word));
  return word;
}

/// The same address: distances from it stay constants, and are not added up in registers before a loop.
template <typename Value>
__device__ inline Value* opaque(Value* place) {
  asm volatile("" : "+l"(place));
  return place;
}

}  // namespace rondo::device
