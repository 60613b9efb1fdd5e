#include "cuda/cudnn/cudnn_weight_space.h"

#include <array>
#include <string>

#include "cuda/cudnn/cudnn_packing.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo::cudnn {
namespace {

/// Where cuDNN wants a matrix and its bias: views of the weight space; undefined where it has none.
struct Place {
  Tensor matrix;
  Tensor bias;
};

class WeightSpace {
 public:
  WeightSpace(Tensor space, const Handle& handle, const RnnDescriptor& network)
      : space_(std::move(space)), handle_(handle), network_(network) {}

  Place place_of(std::int64_t pseudo_layer, int id) const {
    const TensorDescriptor matrix = make_tensor_descriptor();
    const TensorDescriptor bias = make_tensor_descriptor();
    void* matrix_address = nullptr;
    void* bias_address = nullptr;
    check(cudnnGetRNNWeightParams(handle_.get(), network_.get(), static_cast<std::int32_t>(pseudo_layer), bytes(),
                                  space_.data(), id, matrix.get(), &matrix_address, bias.get(), &bias_address),
          "asking cuDNN where a weight goes");
    return {view(matrix, matrix_address), view(bias, bias_address)};
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

// A place of another shape would be a misunderstanding that no test of sizes could find later.
void fill_place(const Tensor& place, const Tensor& weight, int id) {
  if (!place.defined() || place.shape() != weight.shape()) {
    throw RuntimeError("cuDNN's weight " + std::to_string(id) + " is " +
                       (place.defined() ? describe(place) : "absent") + ", not " + describe(weight));
  }
  place.copy_from(weight);
}

}  // namespace

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
  const WeightSpace space(memory, handle, network);
  for (std::size_t pseudo_layer = 0; pseudo_layer < expected; ++pseudo_layer) {
    const auto index = static_cast<std::int64_t>(pseudo_layer);
    check_cudnn_weights(config, index, weights[pseudo_layer]);
    for (const CudnnMatrix& matrix : cudnn_matrices(config.kind, config.projection > 0)) {
      const Place place = space.place_of(index, matrix.id);
      fill_place(place.matrix, cudnn_matrix_view(matrix, weights[pseudo_layer], config.H), matrix.id);
      const std::optional<Tensor> bias = cudnn_bias_view(matrix, weights[pseudo_layer], config.H);
      if (bias) fill_place(place.bias, bias->insert_axis(1), matrix.id);
    }
  }
}

}  // namespace rondo::cudnn
