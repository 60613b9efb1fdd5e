/// Rows in the caller's memory that kernels of CUDA executors read and write, and the type that these kernels compute
/// in. Element is the type of the caller's rows: double, float, Float16 or BFloat16.
#pragma once

#include <cstdint>
#include <type_traits>

#include "rondo/vocabulary/dtype.h"

namespace rondo {

/// The type of sums, states and gates: double for double, float for all others.
template <typename Element>
using ComputeType = std::conditional_t<std::is_same_v<Element, double>, double, float>;

/// The dtype of ComputeType.
constexpr DType compute_dtype(DType dtype) { return dtype == DType::f64 ? DType::f64 : DType::f32; }

/// (B, H), with rows `stride` elements apart. Where data is null, there are no such rows.
template <typename Element>
struct BatchRows {
  Element* data = nullptr;
  std::int64_t stride = 0;
};

/// Where a run writes its results. Each member may have no rows, which are then not written.
template <typename Element>
struct ResultRows {
  BatchRows<Element> last_output = {};
  BatchRows<Element> final_h = {};
  BatchRows<Element> final_c = {};
};

}  // namespace rondo
