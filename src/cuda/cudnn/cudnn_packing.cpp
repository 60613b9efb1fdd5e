#include "cuda/cudnn/cudnn_packing.h"

#include "recurrence/weight_layout.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

constexpr int kProjectionId = 8;

Tensor block_of(const Tensor& weight, int axis, int block, std::int64_t H) {
  return weight.slice(axis, block * H, (block + 1) * H);
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
  const auto required = [&](const char* name, const Shape& shape) {
    return Requirement{std::string("weight ") + name, shape, config.dtype, config.device};
  };
  const RecurrentWeights& cell = weights.cell;
  check_tensor(cell.kernel, required("kernel", {input_width(config, pseudo_layer), columns}));
  check_tensor(cell.recurrent_kernel, required("recurrent_kernel", {state_width(config), columns}));
  if (config.use_bias) {
    check_tensor(cell.bias, required("bias", bias_form({.kind = config.kind}) == BiasForm::both ? Shape{2, columns}
                                                                                                : Shape{columns}));
  } else {
    check_presence("weight bias", cell.bias, false, "as use_bias is false");
  }
  if (config.projection > 0) {
    check_tensor(weights.projection, required("projection", {config.H, config.projection}));
  } else {
    check_presence("weight projection", weights.projection, false, "as the network has no projection");
  }
}

}  // namespace rondo
