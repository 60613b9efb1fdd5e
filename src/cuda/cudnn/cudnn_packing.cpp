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

bool is_wanted(const CudnnMatrix& matrix, const CudnnWeights& gradients) {
  switch (matrix.source) {
    case CudnnMatrixSource::kernel: return gradients.cell.kernel.defined();
    case CudnnMatrixSource::recurrent_kernel: return gradients.cell.recurrent_kernel.defined();
    case CudnnMatrixSource::projection: return gradients.projection.has_value();
  }
  return false;
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

void check_cudnn_place(const Tensor& place, const Tensor& weight, const CudnnMatrix& matrix) {
  if (place.defined() && place.shape() == weight.shape()) return;
  throw RuntimeError("cuDNN's weight " + std::to_string(matrix.id) + " is " +
                     (place.defined() ? describe(place) : "absent") + ", not " + describe(weight));
}

std::vector<PlacedMatrix> unpacked_gradients(std::span<const CudnnPlace> places, const CudnnWeights& gradients,
                                             std::int64_t H) {
  std::vector<PlacedMatrix> copies;
  const auto add = [&](const Tensor& source, const Tensor& target, const CudnnMatrix& matrix) {
    check_cudnn_place(source, target, matrix);
    copies.push_back({.source = source.data(),
                      .rows = target.size(0),
                      .columns = target.size(1),
                      .target = target.data(),
                      .row_stride = target.stride(0),
                      .column_stride = target.stride(1)});
  };
  for (const CudnnPlace& place : places) {
    if (is_wanted(place.matrix, gradients)) {
      add(place.values, cudnn_matrix_view(place.matrix, gradients, H), place.matrix);
    }
    const std::optional<Tensor> bias = cudnn_bias_view(place.matrix, gradients, H);
    if (bias) add(place.bias, bias->insert_axis(1), place.matrix);
  }
  return copies;
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
