#include "cuda/cudnn/cudnn_weight_space.h"

#include <array>
#include <string>

#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo::cudnn {
namespace {

class WeightSpace {
 public:
  WeightSpace(Tensor space, const Handle& handle, const RnnDescriptor& network)
      : space_(std::move(space)), handle_(handle), network_(network) {}

  CudnnPlace place_of(std::int64_t pseudo_layer, const CudnnMatrix& matrix) const {
    const TensorDescriptor values = make_tensor_descriptor();
    const TensorDescriptor bias = make_tensor_descriptor();
    void* values_address = nullptr;
    void* bias_address = nullptr;
    check(cudnnGetRNNWeightParams(handle_.get(), network_.get(), static_cast<std::int32_t>(pseudo_layer), bytes(),
                                  space_.data(), matrix.id, values.get(), &values_address, bias.get(), &bias_address),
          "asking cuDNN where a weight goes");
    return {pseudo_layer, matrix, view(values, values_address), view(bias, bias_address)};
  }

 private:
  std::size_t bytes() const { return static_cast<std::size_t>(space_.numel()) * size_of(space_.dtype()); }

  // cuDNN describes a matrix as (1, rows, columns) and a bias as (1, rows, 1).
  Tensor view(const TensorDescriptor& descriptor, const void* address) const {
    if (address == nullptr) return {};
    cudnnDataType_t dtype = CUDNN_DATA_FLOAT;
    int rank = 0;
    std::array<int, 3> sizes{};
    std::array<int, 3> strides{};
    check(cudnnGetTensorNdDescriptor(descriptor.get(), static_cast<int>(sizes.size()), &dtype, &rank, sizes.data(),
                                     strides.data()),
          "asking cuDNN how a weight lies");
    if (rank != 3 || sizes[0] != 1 || strides[2] != 1 || strides[1] != sizes[2]) {
      throw RuntimeError("cuDNN has a weight of rank " + std::to_string(rank) + " that is not (1, rows, columns)");
    }
    const std::int64_t bytes_in = static_cast<const std::byte*>(address) - static_cast<std::byte*>(space_.data());
    return Tensor(space_.storage(), space_.dtype(), {sizes[1], sizes[2]}, {strides[1], 1},
                  bytes_in / static_cast<std::int64_t>(size_of(space_.dtype())));
  }

  Tensor space_;
  const Handle& handle_;
  const RnnDescriptor& network_;
};

void fill_place(const Tensor& place, const Tensor& weight, const CudnnMatrix& matrix) {
  check_cudnn_place(place, weight, matrix);
  place.copy_from(weight);
}

}  // namespace

std::vector<CudnnPlace> places_in(const Tensor& memory, const CudnnConfig& config, const Handle& handle,
                                  const RnnDescriptor& network) {
  const WeightSpace space(memory, handle, network);
  std::vector<CudnnPlace> places;
  for (std::int64_t pseudo_layer = 0; pseudo_layer < pseudo_layer_count(config); ++pseudo_layer) {
    for (const CudnnMatrix& matrix : cudnn_matrices(config.kind, config.projection > 0)) {
      places.push_back(space.place_of(pseudo_layer, matrix));
    }
  }
  return places;
}

Tensor make_weight_space(const CudnnConfig& config, const Handle& handle, const RnnDescriptor& network, Stream stream) {
  std::size_t bytes = 0;
  check_supported(cudnnGetRNNWeightSpaceSize(handle.get(), network.get(), &bytes),
                  "asking for the size of its weights");
  const StreamScope scope(stream);
  const std::size_t element = size_of(config.dtype);
  // Biases without a counterpart and the padding between matrices are zeros.
  return Tensor::zeros({static_cast<std::int64_t>((bytes + element - 1) / element)}, config.dtype, config.device);
}

void fill_weight_space(const CudnnConfig& config, std::span<const CudnnWeights> weights, const Handle& handle,
                       const RnnDescriptor& network, const Tensor& memory, Stream stream) {
  const auto expected = static_cast<std::size_t>(pseudo_layer_count(config));
  if (weights.size() != expected) {
    throw ValueError("weights", std::to_string(weights.size()),
                     std::to_string(expected) + ", one for each direction of each layer");
  }
  const StreamScope scope(stream);
  for (std::size_t pseudo_layer = 0; pseudo_layer < expected; ++pseudo_layer) {
    check_cudnn_weights(config, static_cast<std::int64_t>(pseudo_layer), weights[pseudo_layer]);
  }
  for (const CudnnPlace& place : places_in(memory, config, handle, network)) {
    const CudnnWeights& of_layer = weights[static_cast<std::size_t>(place.pseudo_layer)];
    fill_place(place.values, cudnn_matrix_view(place.matrix, of_layer, config.H), place.matrix);
    const std::optional<Tensor> bias = cudnn_bias_view(place.matrix, of_layer, config.H);
    if (bias) fill_place(place.bias, bias->insert_axis(1), place.matrix);
  }
}

}  // namespace rondo::cudnn
