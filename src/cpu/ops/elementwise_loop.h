/// The innermost loop of every elementwise operation on the CPU, for the rows of tensor/strided_loop.h.
#pragma once

#include <cstdint>

#include "ops/functions.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {

// The kinds of rows, by how their elements are read. Each kind is a type, so that rows without gaps are vectorised.
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

}  // namespace rondo
