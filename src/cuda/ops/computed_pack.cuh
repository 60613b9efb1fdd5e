/// Packs of elements that arithmetic is done on.
#pragma once

#include "cuda/device/convert_element.cuh"
#include "cuda/device/pack.cuh"
#include "ops/functions.h"

namespace rondo {

/// result[i] = function(operands[i]...), computed in Computed<Element> and rounded once.
template <typename Function, typename Element, int kWidth, typename... Packs>
__device__ inline void compute_pack(const Function& function, device::Pack<Element, kWidth>& result,
                                    const Packs&... operands) {
  for (int i = 0; i < kWidth; ++i) {
    result.elements[i] =
        device::convert_element<Element>(function(device::convert_element<Computed<Element>>(operands.elements[i])...));
  }
}

}  // namespace rondo
