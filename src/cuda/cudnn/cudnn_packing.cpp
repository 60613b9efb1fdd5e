#include "cuda/cudnn/cudnn_packing.h"

#include "recurrence/weight_layout.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr int kProjectionId = 8;

Tensor block_of(const Tensor& weight, int axis, int block, std::int64_t H) {
  return weight.slice(axis, block * H, (block + 1) * H);
}

void check_weight(const std::string& name, const std::optional<Tensor>& weight, const Shape& shape,
                  const CudnnConfig& config) {
  const bool present = weight && weight->defined();
  if (present && weight->shape() == shape && weight->dtype() == config.dtype && weight->device() == config.device)
    return;
  throw ValueError("weight " + name, present ? describe(*weight) : "none",
                   to_string(config.dtype) + to_string(shape) + " on " + to_string(config.device));
}

}  // namespace

std::vector<CudnnMatrix> cudnn_matrices(CellKind kind, bool projected) {
  std::vector<CudnnMatrix> matrices;
  for (const auto source : {CudnnMatrixSource::kernel, CudnnMatrixSource::recurrent_kernel}) {
    for (const int block : gate_order(WeightOrigin::cudnn, kind)) {
      matrices.push_back({static_cast<int>(matrices.size()), source, block});
    }
  }
  if (projected) matrices.push_back({kProjectionId, CudnnMatrixSource::projection, 0});
  return matrices;
}

Tensor cudnn_matrix_view(const CudnnMatrix& matrix, const CudnnWeights& weights, std::int64_t H) {
  switch (matrix.source) {
    case CudnnMatrixSource::kernel: return block_of(weights.cell.kernel, 1, matrix.block, H).swap_axes(0, 1);
    case CudnnMatrixSource::recurrent_kernel:
      return block_of(weights.cell.recurrent_kernel, 1, matrix.block, H).swap_axes(0, 1);
    case CudnnMatrixSource::projection: return weights.projection->swap_axes(0, 1);
  }
  throw ValueError("matrix source", std::to_string(static_cast<int>(matrix.source)), "a CudnnMatrixSource");
}

std::optional<Tensor> cudnn_bias_view(const CudnnMatrix& matrix, const CudnnWeights& weights, std::int64_t H) {
  if (!weights.cell.bias || matrix.source == CudnnMatrixSource::projection) return std::nullopt;
  const Tensor& bias = *weights.cell.bias;
  const bool recurrent = matrix.source == CudnnMatrixSource::recurrent_kernel;
  if (bias.rank() == 2) return block_of(bias.select(0, recurrent ? 1 : 0), 0, matrix.block, H);
  if (recurrent) return std::nullopt;
  return block_of(bias, 0, matrix.block, H);
}

void check_cudnn_weights(const CudnnConfig& config, std::int64_t pseudo_layer, const CudnnWeights& weights) {
  const std::int64_t columns = gate_count(config.kind) * config.H;
  check_weight("kernel", weights.cell.kernel, {input_width(config, pseudo_layer), columns}, config);
  check_weight("recurrent_kernel", weights.cell.recurrent_kernel, {state_width(config), columns}, config);
  if (config.use_bias) {
    const bool two_rows = bias_form({.kind = config.kind}) == BiasForm::both;
    check_weight("bias", weights.cell.bias, two_rows ? Shape{2, columns} : Shape{columns}, config);
  } else if (weights.cell.bias) {
    throw ValueError("weight bias", describe(*weights.cell.bias), "none, as use_bias is false");
  }
  if (config.projection > 0) {
    check_weight("projection", weights.projection, {config.H, config.projection}, config);
  } else if (weights.projection) {
    throw ValueError("weight projection", describe(*weights.projection), "none, as the network has no projection");
  }
}

}  // namespace rondo
