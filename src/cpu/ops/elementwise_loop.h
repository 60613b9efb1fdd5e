/// The innermost loop of every elementwise operation on the CPU; tensor/strided_loop.h leads to it.
#pragma once

#include <cstdint>
#include <type_traits>

#include "vocabulary/dispatch_dtype.h"

namespace rondo {

/// What arithmetic on an element is done in: float for the 16-bit floats, else the element's own type.
template <typename Element>
using Computed =
    std::conditional_t<std::is_same_v<Element, Float16> || std::is_same_v<Element, BFloat16>, float, Element>;

// How the elements of a row are read. The kinds are types, so that the compiler vectorises those without gaps.
template <typename Element>
struct PackedRow {
  const Element* first;
  Element operator[](std::int64_t i) const { return first[i]; }
};
template <typename Element>
struct RepeatedRow {
  Element element;
  Element operator[](std::int64_t) const { return element; }
};
template <typename Element>
struct StridedRow {
  const Element* first;
  std::int64_t step;
  Element operator[](std::int64_t i) const { return first[i * step]; }
};

/// Calls `function(row)` with the row that starts at `first`, in the kind that suits its step.
template <typename Element, typename Function>
void with_row(const Element* first, std::int64_t step, const Function& function) {
  if (step == 1) {
    function(PackedRow<Element>{first});
  } else if (step == 0) {
    function(RepeatedRow<Element>{*first});
  } else {
    function(StridedRow<Element>{first, step});
  }
}

/// result[i] = function(rows[i]...), computed in Computed<Element> and rounded once. The result of an operation is
/// row-major, so its rows never have gaps.
template <typename Element, typename Function, typename... Rows>
void map_row(std::int64_t count, Element* result, const Function& function, const Rows&... rows) {
  for (std::int64_t i = 0; i < count; ++i) {
    result[i] = convert_element<Element>(function(convert_element<Computed<Element>>(rows[i])...));
  }
}

// Integers wrap around where they overflow; in C++ only unsigned arithmetic may.
template <typename Number, typename Function>
Number wrapping(const Function& function, Number a, Number b) {
  if constexpr (std::is_integral_v<Number>) {
    using Unsigned = std::make_unsigned_t<Number>;
    return static_cast<Number>(function(static_cast<Unsigned>(a), static_cast<Unsigned>(b)));
  } else {
    return function(a, b);
  }
}
template <typename Number>
Number plus(Number a, Number b) {
  return wrapping([](auto p, auto q) { return p + q; }, a, b);
}
template <typename Number>
Number minus(Number a, Number b) {
  return wrapping([](auto p, auto q) { return p - q; }, a, b);
}
template <typename Number>
Number times(Number a, Number b) {
  return wrapping([](auto p, auto q) { return p * q; }, a, b);
}

}  // namespace rondo
