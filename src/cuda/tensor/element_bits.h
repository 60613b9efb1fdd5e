/// Elements as bits: code that only moves elements needs one kernel for each size, not for each dtype.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "vocabulary/dispatch_dtype.h"

namespace rondo {

/// The unsigned integer with the size of Element.
template <typename Element>
using BitsOf =
    std::conditional_t<sizeof(Element) == 1, std::uint8_t,
                       std::conditional_t<sizeof(Element) == 2, std::uint16_t,
                                          std::conditional_t<sizeof(Element) == 4, std::uint32_t, std::uint64_t>>>;

/// As dispatch_dtype, but calls `function` with BitsOf the element type.
template <typename Function>
void dispatch_bits(DType dtype, Function&& function) {
  dispatch_dtype(dtype, [&]<typename Element>(ElementTag<Element>) { function(ElementTag<BitsOf<Element>>{}); });
}

}  // namespace rondo
