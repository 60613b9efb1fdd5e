/// Weights in 8 bits: a quarter of the memory of f32, for files and for those who make weights elsewhere.
#pragma once

#include <optional>

#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// A matrix (K, columns) in 8 bits, with a scale for each column:
///
///     number[k][column] = (bytes[k][column] - 128) * scales[column]
///
/// A byte is an integer from -127 to 127, plus 128. oneDNN's scales are factors of the other direction, integer =
/// number * scale: their inverses are scales here.
struct QuantizedMatrix {
  Tensor bytes;   ///< (K, columns) u8
  Tensor scales;  ///< (columns) f32; 0 for a column of zeros
};

/// RecurrentWeights with both matrices in 8 bits. The others, which are small, are f32 on the host.
struct QuantizedWeights {
  QuantizedMatrix kernel;
  QuantizedMatrix recurrent_kernel;
  std::optional<Tensor> bias = std::nullopt;
  std::optional<Tensor> peepholes = std::nullopt;
  std::optional<Tensor> projection = std::nullopt;
};

/// Rounds a matrix to 8 bits: the scale of a column is its largest magnitude / 127, and integers are rounded to
/// nearest. A column of numbers that are all below 2^-119 is zeros. The matrix is of a floating dtype and on any
/// device; the result is on the host. Throws `ValueError` naming `name` for another shape or dtype, and for numbers
/// that are not finite.
[[nodiscard]] QuantizedMatrix quantize(const Tensor& matrix, const std::string& name = "matrix");

/// The numbers of a matrix in 8 bits, f32 on the host. Where MatrixMath::int8 rounds them again, it finds the same
/// integers, and the same scales but for a unit in the last place. Throws `ValueError` naming `name` for bytes or
/// scales that do not fit each other.
[[nodiscard]] Tensor dequantize(const QuantizedMatrix& matrix, const std::string& name = "matrix");

/// Rounds the weights of a layer, as `quantize` of each matrix does.
///
/// @code
/// RecurrentWeights weights{Tensor::full({3, 16}, 0.5, DType::f32), Tensor::full({4, 16}, 0.25, DType::f32),
///                          Tensor::zeros({16}, DType::f32)};
/// QuantizedWeights small = quantize(weights);
/// LSTM lstm({.units = 4}, dequantize(small));
/// @endcode
[[nodiscard]] QuantizedWeights quantize(const RecurrentWeights& weights);

/// The weights in f32. Throws as dequantize of a matrix.
[[nodiscard]] RecurrentWeights dequantize(const QuantizedWeights& weights);

}  // namespace rondo
