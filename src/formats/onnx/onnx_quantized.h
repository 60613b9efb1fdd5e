/// The weights of com.microsoft.DynamicQuantizeLSTM, ONNX Runtime's LSTM of 8-bit weights:
/// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#pragma once

#include <cstddef>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// X W R B sequence_lens initial_h initial_c P, then the scale and the zero point of W, and those of R.
inline constexpr std::size_t kQuantizedLstmInputs = 12;

/// W (D, I, 4 H) or R (D, H, 4 H) of 8-bit integers as floats in the layout of LSTM, (D, 4 H, I): (w - zero point) x
/// scale. `scale` and `zero_point` have one number for each direction, (D,), or one for each column, (D, 4 H). Throws
/// `ValueError` naming what does not fit.
Tensor dequantized_rows(const Tensor& weights, const Tensor& scale, const Tensor& zero_point);

}  // namespace rondo
