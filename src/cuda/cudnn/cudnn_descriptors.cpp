#include "cuda/cudnn/cudnn_descriptors.h"

#include <array>
#include <limits>
#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo::cudnn {
namespace {

int to_int(std::int64_t size, const char* name) {
  if (size < 0 || size > std::numeric_limits<int>::max()) {
    throw ValueError(name, std::to_string(size), "at most 2147483647, as cuDNN counts in 32 bits");
  }
  return static_cast<int>(size);
}

cudnnRNNAlgo_t algorithm_of(const CudnnConfig& config) {
  switch (config.algorithm) {
    case CudnnAlgorithm::standard: return CUDNN_RNN_ALGO_STANDARD;
    case CudnnAlgorithm::persist_static: return CUDNN_RNN_ALGO_PERSIST_STATIC;
    case CudnnAlgorithm::persist_dynamic: return CUDNN_RNN_ALGO_PERSIST_DYNAMIC;
    case CudnnAlgorithm::persist_static_small_h: return CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H;
  }
  throw ValueError("algorithm", std::to_string(static_cast<int>(config.algorithm)), "a CudnnAlgorithm");
}

cudnnRNNMode_t cell_of(const CudnnConfig& config) {
  const bool relu = config.activation == Activation::relu && config.kind == CellKind::simple_rnn;
  if (!relu && config.activation != Activation::tanh) {
    throw ValueError("activation", to_string(config.activation), "tanh, or relu in a simple RNN");
  }
  if (config.kind == CellKind::simple_rnn) return relu ? CUDNN_RNN_RELU : CUDNN_RNN_TANH;
  if (config.kind == CellKind::lstm) return CUDNN_LSTM;
  if (config.kind == CellKind::gru) return CUDNN_GRU;
  throw ValueError("cell kind", to_string(config.kind), "simple_rnn, lstm or gru, as cuDNN has");
}

// The persistent algorithms know nothing but two biases; without a bias theirs are zeros.
cudnnRNNBiasMode_t bias_mode_of(const CudnnConfig& config) {
  const bool none = !config.use_bias && config.algorithm == CudnnAlgorithm::standard;
  return none ? CUDNN_RNN_NO_BIAS : CUDNN_RNN_DOUBLE_BIAS;
}

cudnnDataType_t data_type_of(DType dtype) {
  switch (dtype) {
    case DType::f64: return CUDNN_DATA_DOUBLE;
    case DType::f32: return CUDNN_DATA_FLOAT;
    case DType::f16: return CUDNN_DATA_HALF;
    case DType::bf16: return CUDNN_DATA_BFLOAT16;
    default: throw ValueError("dtype", to_string(dtype), "a floating dtype");
  }
}

cudnnDataType_t sum_type_of(DType dtype) { return dtype == DType::f64 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT; }

// CUDNN_DEFAULT_MATH lets f32 go through tensor cores as tf32, CUDNN_FMA_MATH does not;
// CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION would round f32 to f16, which the caller has not asked for.
cudnnMathType_t math_of(const CudnnConfig& config) {
  switch (config.dtype) {
    case DType::f16:
    case DType::bf16: return CUDNN_TENSOR_OP_MATH;
    case DType::f32: return config.math == MatrixMath::tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH;
    default: return CUDNN_DEFAULT_MATH;
  }
}

cudnnRNNDataLayout_t layout_of(CudnnLayout layout) {
  switch (layout) {
    case CudnnLayout::time_major: return CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED;
    case CudnnLayout::batch_major: return CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED;
    case CudnnLayout::packed: return CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED;
  }
  throw ValueError("layout", std::to_string(static_cast<int>(layout)), "a CudnnLayout");
}

}  // namespace

Handle make_handle() {
  cudnnHandle_t handle = nullptr;
  check(cudnnCreate(&handle), "making a cuDNN handle");
  return Handle(handle);
}

TensorDescriptor make_tensor_descriptor() {
  cudnnTensorDescriptor_t descriptor = nullptr;
  check(cudnnCreateTensorDescriptor(&descriptor), "making a cuDNN tensor descriptor");
  return TensorDescriptor(descriptor);
}

SequenceDescriptor make_sequence_descriptor() {
  cudnnRNNDataDescriptor_t descriptor = nullptr;
  check(cudnnCreateRNNDataDescriptor(&descriptor), "making a cuDNN sequence descriptor");
  return SequenceDescriptor(descriptor);
}

RnnDescriptor make_rnn_descriptor(const CudnnConfig& config) {
  cudnnRNNDescriptor_t made = nullptr;
  check(cudnnCreateRNNDescriptor(&made), "making a cuDNN network descriptor");
  RnnDescriptor descriptor(made);
  const int I = to_int(config.I, "I");
  const int H = to_int(config.H, "H");
  const int width = to_int(state_width(config), "projection");
  const int layers = to_int(config.layers, "layers");
  const cudnnDropoutDescriptor_t no_dropout = nullptr;
  check_supported(cudnnSetRNNDescriptor_v8(
                      descriptor.get(), algorithm_of(config), cell_of(config), bias_mode_of(config),
                      config.bidirectional ? CUDNN_BIDIRECTIONAL : CUDNN_UNIDIRECTIONAL, CUDNN_LINEAR_INPUT,
                      data_type_of(config.dtype), sum_type_of(config.dtype), math_of(config), I, H, width, layers,
                      no_dropout, config.packed ? CUDNN_RNN_PADDED_IO_DISABLED : CUDNN_RNN_PADDED_IO_ENABLED),
                  "describing the network");
  return descriptor;
}

void set_sequence_descriptor(const SequenceDescriptor& descriptor, const CudnnConfig& config, CudnnLayout layout,
                             std::int64_t width, std::span<const std::int32_t> lengths) {
  double zero = 0;  // in whatever dtype: all bits are zeros
  check_supported(
      cudnnSetRNNDataDescriptor(descriptor.get(), data_type_of(config.dtype), layout_of(layout), to_int(config.T, "T"),
                                to_int(config.B, "B"), to_int(width, "width"), lengths.data(), &zero),
      "describing a sequence");
}

TensorDescriptor make_state_descriptor(const CudnnConfig& config, std::int64_t width) {
  TensorDescriptor descriptor = make_tensor_descriptor();
  const std::array sizes{to_int(pseudo_layer_count(config), "layers"), to_int(config.B, "B"), to_int(width, "width")};
  const std::array strides{to_int(config.B * width, "states"), sizes[2], 1};
  check_supported(cudnnSetTensorNdDescriptor(descriptor.get(), data_type_of(config.dtype),
                                             static_cast<int>(sizes.size()), sizes.data(), strides.data()),
                  "describing the states");
  return descriptor;
}

}  // namespace rondo::cudnn
