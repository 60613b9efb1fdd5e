/// Element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "rondo/vocabulary/float16.h"

namespace rondo {

/// The element types of tensors. A `boolean` is one byte, 0 or 1, as in NumPy, safetensors and DLPack; a `u8` is any
/// byte.
enum class DType : std::uint8_t { f64, f32, f16, bf16, i32, i64, boolean, u8 };

/// Bytes per element.
std::size_t size_of(DType dtype);

/// The name of a dtype: "f64", "f32", "f16", "bf16", "i32", "i64", "bool" or "u8".
std::string to_string(DType dtype);

/// True for f64, f32, f16 and bf16.
bool is_floating(DType dtype);

/// How matrix products of f32 operands may be computed. The setting does not apply to f64 and the 16-bit floats. Sums
/// are f32 or wider in every mode.
///
///     strict   products and sums of f32
///     tf32     a GPU may round the operands to 10 bits of fraction, for its tensor cores
///     tf32x3   a GPU may use its tensor cores with nearly f32's accuracy, as NVIDIA CUTLASS does by "3xTF32": a sum is
///              right within tf32x3_error of the magnitudes that are summed
///     bf16     a CPU may round the operands to bf16, of 7 bits of fraction: a whole run has a relative error of at
///     most
///              5e-3 in its outputs' length
///     bf16x3   a CPU may split each operand into two bf16 and sum three of the four products: 2e-5
///     int8     a CPU may round the weights to 8 bits with a scale for each column, and x and h with a scale for each
///              row of a step: 1e-2 where numbers are spread evenly, 2e-2 where they are normally distributed, with
///              more of them far below the largest one. A row or a column with a number that is not finite gives NaN.
///              There are no gradients
///
/// Every mode but `strict` is a permission: where a device has no kernel for it, or is no faster with it, products are
/// `strict`. Plan::explain() says which are. The errors of bf16, bf16x3 and int8 are those of plain cells whose
/// recurrent kernel has a standard deviation of 1/sqrt(H). With tf32x3 an operand below 2^-113 has an error of up to
/// 2^-136, and an operand that is infinite, or that TF32 rounds to infinity, may give NaN.
enum class MatrixMath : std::uint8_t { strict, tf32, tf32x3, bf16, bf16x3, int8 };

/// The largest error of a sum of K products with MatrixMath::tf32x3, relative to the sum of the products' magnitudes.
///
/// An operand is split into two numbers of TF32, high + low, and three of the four products are summed. The dropped
/// product, low x low, and the rest of the operands beyond both numbers are together below 2^-21 of a product. Tensor
/// cores add products to a sum in tiles of 8 along K, three times for each tile. Each time they cut off the bits beyond
/// the sum's 24, where other arithmetic rounds. A cut is up to one unit of the sum, 2^-23 of the sum, and goes towards
/// zero, so that the errors do not cancel.
constexpr double tf32x3_error(std::int64_t K) {
  constexpr double kOfProduct = 1.0 / (1 << 21);
  constexpr double kUnit = 1.0 / (1 << 23);
  const std::int64_t tiles = (K + 7) / 8;
  return kOfProduct + 3.0 * static_cast<double>(tiles) * kUnit;
}

/// The name of a mode: "strict", "tf32", "tf32x3", "bf16", "bf16x3" or "int8".
std::string to_string(MatrixMath math);

/// The mode with this name. Throws `ValueError` naming "math" for any other one.
MatrixMath math_from_name(const std::string& name);

/// The DType of a C++ type: `dtype_of<float>` is `DType::f32`. Defined for the eight element types alone.
template <typename Element>
inline constexpr DType dtype_of = Element::no_such_dtype;
template <>
inline constexpr DType dtype_of<double> = DType::f64;
template <>
inline constexpr DType dtype_of<float> = DType::f32;
template <>
inline constexpr DType dtype_of<Float16> = DType::f16;
template <>
inline constexpr DType dtype_of<BFloat16> = DType::bf16;
template <>
inline constexpr DType dtype_of<std::int32_t> = DType::i32;
template <>
inline constexpr DType dtype_of<std::int64_t> = DType::i64;
template <>
inline constexpr DType dtype_of<bool> = DType::boolean;
template <>
inline constexpr DType dtype_of<std::uint8_t> = DType::u8;

}  // namespace rondo
