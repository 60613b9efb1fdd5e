/// Writes that threads of different blocks may make to one word.
#pragma once

#include <cstdint>

namespace rondo::device {

/// *word |= bits
__device__ inline void set_bits(std::uint32_t* word, std::uint32_t bits) { atomicOr(word, bits); }

}  // namespace rondo::device
