/// Rows of the caller's that kernels of executors on CUDA read and write, and what they compute in. Element is the
/// dtype of what the caller sees: double, float, Float16 or BFloat16. Floor 4.
#pragma once

#include <cstdint>
#include <type_traits>

#include "rondo/vocabulary/dtype.h"

namespace rondo {

/// What sums, states and gates are computed and kept in: float, but double for double.
template <typename Element>
using Accumulator = std::conditional_t<std::is_same_v<Element, double>, double, float>;

/// The dtype of Accumulator.
constexpr DType accumulator_dtype(DType dtype) { return dtype == DType::f64 ? DType::f64 : DType::f32; }

/// (B, H), rows `stride` elements apart. Null data: absent.
template <typename Element>
struct BatchRows {
  Element* data = nullptr;
  std::int64_t stride = 0;
};

/// Where the results go. Rows may be absent.
template <typename Element>
struct ResultRows {
  BatchRows<Element> last_output = {};
  BatchRows<Element> final_h = {};
  BatchRows<Element> final_c = {};
};

}  // namespace rondo
