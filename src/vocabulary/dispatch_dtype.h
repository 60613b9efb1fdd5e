/// The only place where a run-time DType becomes a C++ type.
#pragma once

#include <limits>
#include <type_traits>

#include "rondo/vocabulary/dtype.h"
#include "rondo/vocabulary/error.h"
#include "rondo/vocabulary/host_device.h"

namespace rondo {

template <typename Type>
struct ElementTag {
  using Element = Type;
};

/// Calls `function(ElementTag<Element>{})` with the C++ type of `dtype` and returns its result:
/// `dispatch_dtype(t.dtype(), [&]<typename Element>(ElementTag<Element>) { ... })`.
template <typename Function>
decltype(auto) dispatch_dtype(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::f64: return function(ElementTag<double>{});
    case DType::f32: return function(ElementTag<float>{});
    case DType::f16: return function(ElementTag<Float16>{});
    case DType::bf16: return function(ElementTag<BFloat16>{});
    case DType::i32: return function(ElementTag<std::int32_t>{});
    case DType::i64: return function(ElementTag<std::int64_t>{});
    case DType::boolean: return function(ElementTag<bool>{});
    case DType::u8: return function(ElementTag<std::uint8_t>{});
  }
  throw ValueError("dtype", std::to_string(static_cast<int>(dtype)), "one of the DType values");
}

/// True for the elements that ops compute with: all but booleans and bytes.
template <typename Element>
inline constexpr bool kIsNumber = !std::is_same_v<Element, bool> && !std::is_same_v<Element, std::uint8_t>;

/// True for the floats that are stored in 16 bits and computed with as float.
template <typename Element>
inline constexpr bool kIs16Bit = std::is_same_v<Element, Float16> || std::is_same_v<Element, BFloat16>;

// A kernel may read these constants, but may not call std::numeric_limits, which is host code.
template <typename Integer>
inline constexpr Integer kLeast = std::numeric_limits<Integer>::min();
template <typename Integer>
inline constexpr Integer kGreatest = std::numeric_limits<Integer>::max();

/// The integer that a float truncates to. NaN gives 0, and a value out of range the nearest integer in range. C++
/// leaves these cases undefined; CUDA defines them as this function does.
template <typename Integer, typename Real>
RONDO_HOST_DEVICE Integer truncate(Real value) {
  // A Real may not hold the largest Integer, but holds the power of two above.
  constexpr Real kBeyond = static_cast<Real>(Integer{1} << (std::numeric_limits<Integer>::digits - 1)) * Real(2);
  if (value != value) return 0;
  if (value >= kBeyond) return kGreatest<Integer>;
  if constexpr (std::is_unsigned_v<Integer>) return value < Real(0) ? Integer{0} : static_cast<Integer>(value);
  return value < -kBeyond ? kLeast<Integer> : static_cast<Integer>(value);
}

/// Converts between any two element types but the 16-bit floats. The conversion is that of C++, with two exceptions:
/// everything but zero, NaN included, is true, and floats become integers as in `truncate`.
template <typename To, typename From>
RONDO_HOST_DEVICE To convert_number(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From{0};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return truncate<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

/// Converts an element as `convert_number` does; the 16-bit floats are converted through float. Kernels use
/// cuda/device/convert_element.cuh instead.
template <typename To, typename From>
To convert_element(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (kIs16Bit<From>) {
    return convert_element<To>(static_cast<float>(value));
  } else if constexpr (kIs16Bit<To>) {
    return To(static_cast<float>(value));
  } else {
    return convert_number<To>(value);
  }
}

}  // namespace rondo
