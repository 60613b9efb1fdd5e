/// Values that a compiler cannot see through.
#pragma once

#include <cstdint>

namespace rondo::device {

/// Returns `word`. The compiler computes everything that depends on the result after this call, and cannot keep it in
/// registers from before a loop.
__device__ inline std::uint32_t opaque(std::uint32_t word) {
  asm volatile("" : "+r"(word));
  return word;
}

/// Returns `address`. Offsets from the result stay constants in the instructions; the compiler does not add them up in
/// registers before a loop.
template <typename Value>
__device__ inline Value* opaque(Value* place) {
  asm volatile("" : "+l"(place));
  return place;
}

}  // namespace rondo::device
