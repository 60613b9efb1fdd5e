/// Several neighbouring elements in one access: each thread of a warp moves 16 bytes of floats instead of 4.
#pragma once

#include <cstdint>
#include <type_traits>

#include "cuda/device/convert.cuh"

namespace rondo::device {

template <typename Element, int kWidth>
struct alignas(sizeof(Element) * kWidth) Pack {
  Element elements[kWidth];
};

/// values = the kWidth elements at `source`, which is aligned to their size together.
template <int kWidth, typename Element, typename Real>
__device__ inline void read_pack(const Element* source, Real (&values)[kWidth]) {
  const Pack<Element, kWidth> pack = *reinterpret_cast<const Pack<Element, kWidth>*>(source);
  for (int i = 0; i < kWidth; ++i) {
    if constexpr (std::is_same_v<Element, Real>) {
      values[i] = pack.elements[i];
    } else {
      values[i] = to_float(pack.elements[i]);
    }
  }
}

/// Writes `values` to the kWidth elements at `target`, which is aligned to their size together.
template <int kWidth, typename Element, typename Real>
__device__ inline void write_pack(const Real (&values)[kWidth], Element* target) {
  Pack<Element, kWidth> pack;
  for (int i = 0; i < kWidth; ++i) {
    if constexpr (std::is_same_v<Element, Real>) {
      pack.elements[i] = values[i];
    } else {
      from_float(values[i], pack.elements[i]);
    }
  }
  *reinterpret_cast<Pack<Element, kWidth>*>(target) = pack;
}

/// Whether rows that begin at `data` and lie multiples of `strides` apart may be accessed in packs of kWidth. True
/// where `data` is null.
template <int kWidth, typename Element, typename... Strides>
bool fits_packs(const Element* data, Strides... strides) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(data) % sizeof(Pack<Element, kWidth>) == 0;
  return data == nullptr || (aligned && ((strides % kWidth == 0) && ... && true));
}

}  // namespace rondo::device
