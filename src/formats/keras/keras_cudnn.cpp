#include "formats/keras/keras_cudnn.h"

#include <vector>

#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Each of the kernels of the gates: the elements of (rows, H) read as (H, rows), and transposed.
Tensor turned(const Tensor& kernels, int gates) {
  std::vector<Tensor> turned;
  for (const Tensor& kernel : split(kernels, gates, 1)) {
    turned.push_back(kernel.contiguous().reshape({kernel.size(1), kernel.size(0)}).swap_axes(0, 1));
  }
  return concat(turned, 1);
}

}  // namespace

bool is_cudnn_layout(const RecurrentWeights& weights) {
  const Tensor& recurrent = weights.recurrent_kernel;
  return weights.bias && weights.bias->rank() == 1 && recurrent.rank() == 2 && recurrent.size(1) > 0 &&
         weights.bias->size(0) == 2 * recurrent.size(1);
}

RecurrentWeights from_cudnn_layout(const RecurrentWeights& weights) {
  const std::int64_t H = weights.recurrent_kernel.size(0);
  const std::int64_t columns = weights.recurrent_kernel.size(1);
  const bool is_lstm = columns == 4 * H;
  if (!is_lstm && columns != 3 * H) {
    throw ValueError("recurrent_kernel", describe(weights.recurrent_kernel),
                     "(H, 4 H) of a CuDNNLSTM, (H, 3 H) of a CuDNNGRU");
  }
  if (weights.kernel.rank() != 2 || weights.kernel.size(1) != columns) {
    throw ValueError("kernel", describe(weights.kernel), "(I, " + std::to_string(columns) + ")");
  }
  // A kernel of h is square, and only transposed.
  std::vector<Tensor> squares;
  for (const Tensor& kernel : split(weights.recurrent_kernel, is_lstm ? 4 : 3, 1)) {
    squares.push_back(kernel.swap_axes(0, 1));
  }
  RecurrentWeights result{.kernel = turned(weights.kernel, is_lstm ? 4 : 3), .recurrent_kernel = concat(squares, 1)};
  const Tensor biases = weights.bias->contiguous().reshape({2, columns});
  result.bias = is_lstm ? add(biases.select(0, 0), biases.select(0, 1)) : biases;
  return result;
}

}  // namespace rondo
