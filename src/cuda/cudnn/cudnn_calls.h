/// What a CudnnRnn consists of: cuDNN's objects, their memory, and the calls that run them.
#pragma once

#include <optional>
#include <vector>

#include "cuda/cudnn/cudnn_descriptors.h"
#include "cuda/cudnn/cudnn_rnn.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

struct CudnnRnn::Impl {
  /// x and y in one of the layouts; their gradients lie as they do.
  struct Sequences {
    CudnnLayout layout;
    cudnn::SequenceDescriptor x;
    cudnn::SequenceDescriptor y;
  };

  Impl(const CudnnConfig& its_config, Stream stream);

  void use(Stream stream);
  void set_lengths(std::span<const std::int32_t> lengths);
  /// Compiles where the algorithm compiles, and asks for the sizes of the work space and the reserve.
  void prepare();
  void allocate(Stream stream);
  /// Runs each layout once on zeros.
  void try_out(Stream stream);

  cudnnStatus_t forward(const CudnnBuffers& buffers) const;
  cudnnStatus_t data_gradients(const CudnnGradients& gradients) const;
  /// Adds to what is in `gradient_space`. Comes after data_gradients, which leaves in the reserve what this reads.
  cudnnStatus_t weight_gradients(const CudnnGradients& gradients) const;
  void clear_gradient_space(Stream stream) const;

  const Sequences& sequences_in(CudnnLayout layout) const;

  const CudnnConfig config;
  cudnn::Handle handle;
  cudnn::RnnDescriptor network;
  std::vector<Sequences> sequences;
  cudnn::TensorDescriptor h;
  cudnn::TensorDescriptor c;
  std::optional<Stream> used_stream;
  Tensor weight_space;
  Tensor gradient_space;           ///< of a network that computes gradients
  std::vector<CudnnPlace> places;  ///< in the gradient space
  Tensor work_space;
  std::size_t work_bytes = 0;
  std::size_t reserve_bytes = 0;  ///< 0 for inference

 private:
  void try_out_gradients(const CudnnBuffers& run, Stream stream);
};

}  // namespace rondo
