/// The host's version of src/cuda/device/opaque.cuh, which returns its argument, because registers do not matter.
#pragma once

#include <cstdint>

namespace rondo::device {

inline std::uint32_t opaque(std::uint32_t word) { return word; }

template <typename Value>
Value* opaque(Value* place) {
  return place;
}

}  // namespace rondo::device
