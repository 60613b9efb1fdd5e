/// cuDNN's handles and descriptors with owners, and how they are set from a CudnnConfig. Setting them needs no device.
#pragma once

#include <memory>
#include <span>
#include <type_traits>

#include "cuda/cudnn/check_cudnn.h"
#include "cuda/cudnn/cudnn_config.h"

namespace rondo::cudnn {

/// Gives an object of cuDNN's back to it. What that answers is of no use to a destructor.
template <auto kDestroy>
struct Destroy {
  template <typename Object>
  void operator()(Object* object) const {
    (void)kDestroy(object);
  }
};

template <typename Pointer, auto kDestroy>
using Owned = std::unique_ptr<std::remove_pointer_t<Pointer>, Destroy<kDestroy>>;

using Handle = Owned<cudnnHandle_t, cudnnDestroy>;
using RnnDescriptor = Owned<cudnnRNNDescriptor_t, cudnnDestroyRNNDescriptor>;
using SequenceDescriptor = Owned<cudnnRNNDataDescriptor_t, cudnnDestroyRNNDataDescriptor>;
using TensorDescriptor = Owned<cudnnTensorDescriptor_t, cudnnDestroyTensorDescriptor>;

/// On the calling thread's current device.
Handle make_handle();
TensorDescriptor make_tensor_descriptor();
SequenceDescriptor make_sequence_descriptor();

/// The network. Throws `ValueError` with cuDNN's words for one that the algorithm does not support, as far as that does
/// not depend on a device.
RnnDescriptor make_rnn_descriptor(const CudnnConfig& config);

/// x or y, `width` features wide, with a length for each row. Past a row's length, cuDNN writes zeros to y.
void set_sequence_descriptor(const SequenceDescriptor& descriptor, const CudnnConfig& config, CudnnLayout layout,
                             std::int64_t width, std::span<const std::int32_t> lengths);

/// States of all pseudo layers: (layers x directions, B, width) without gaps.
TensorDescriptor make_state_descriptor(const CudnnConfig& config, std::int64_t width);

}  // namespace rondo::cudnn
