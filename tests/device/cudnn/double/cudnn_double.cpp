// The functions of cuDNN that Rondo calls, for the simulated device: one layer of one direction, without lengths. It
// takes what the documentation allows and refuses all else, so that a wrong order of arguments, a wrong size or
// gradients from a reserve that was used up show.

#include <cudnn.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "cuda/runtime/check.h"
#include "device/cudnn/double/layer.h"
#include "device/simt/device/device_memory.h"
#include "device/simt/device/stream_queue.h"

using rondo::DType;
using rondo::Stream;
using rondo::test::DoubleCell;
using rondo::test::DoubleGradients;
using rondo::test::DoubleLayer;
using rondo::test::DoubleRun;
using rondo::test::Elements;

struct cudnnContext {
  void* stream = nullptr;
};

struct cudnnTensorStruct {
  cudnnDataType_t dtype = CUDNN_DATA_FLOAT;
  std::array<int, 3> sizes{};
  std::array<int, 3> strides{};
};

struct cudnnRNNDataStruct {
  cudnnRNNDataLayout_t layout = CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED;
  std::int64_t T = 0;
  std::int64_t B = 0;
  std::int64_t width = 0;
};

struct cudnnRNNStruct {
  DoubleLayer layer;
  bool supported = true;
};

namespace {

constexpr std::size_t kWorkBytes = 640;

DType dtype_of(cudnnDataType_t dtype) {
  switch (dtype) {
    case CUDNN_DATA_DOUBLE: return DType::f64;
    case CUDNN_DATA_HALF: return DType::f16;
    case CUDNN_DATA_BFLOAT16: return DType::bf16;
    default: return DType::f32;
  }
}

DoubleCell cell_of(cudnnRNNMode_t mode) {
  switch (mode) {
    case CUDNN_RNN_RELU: return DoubleCell::relu;
    case CUDNN_RNN_TANH: return DoubleCell::tanh;
    case CUDNN_LSTM: return DoubleCell::lstm;
    default: return DoubleCell::gru;
  }
}

DoubleLayer layer_of(cudnnRNNDescriptor_t network, cudnnRNNDataDescriptor_t sequence) {
  DoubleLayer layer = network->layer;
  layer.T = sequence->T;
  layer.B = sequence->B;
  layer.batch_major = sequence->layout == CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED;
  return layer;
}

Elements read(const void* data, const DoubleLayer& layer) { return {const_cast<void*>(data), layer.dtype}; }

std::size_t weight_bytes(const DoubleLayer& layer) {
  return static_cast<std::size_t>(layer.weight_elements()) * rondo::size_of(layer.dtype);
}

/// What all three calls are given besides their own tensors.
struct Spaces {
  std::size_t weight_bytes;
  std::size_t work_bytes;
  void* work;
  std::size_t reserve_bytes;
};

bool fits(const DoubleLayer& layer, cudnnRNNDataDescriptor_t x, cudnnRNNDataDescriptor_t y, const Spaces& spaces) {
  return x->width == layer.I && y->width == layer.H && x->layout == y->layout &&
         spaces.weight_bytes >= weight_bytes(layer) && spaces.work_bytes >= kWorkBytes &&
         (spaces.reserve_bytes == 0 || spaces.reserve_bytes >= layer.reserve_bytes());
}

/// Queues the work on the handle's stream. It spoils the work space, in which no call may leave anything.
template <typename Work>
cudnnStatus_t queue(cudnnHandle_t handle, void* work_space, Work work) {
  rondo::test::simt::submit(Stream{rondo::cuda(0), handle->stream}, [=] {
    const rondo::test::simt::DeviceMemoryAccess access;
    std::memset(work_space, 0x5a, kWorkBytes);
    work();
  });
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

// There is one simulated device.
rondo::cuda_runtime::CurrentDevice::CurrentDevice(Device) {}
rondo::cuda_runtime::CurrentDevice::~CurrentDevice() = default;

extern "C" {

const char* cudnnGetErrorString(cudnnStatus_t status) {
  return status == CUDNN_STATUS_NOT_SUPPORTED ? "CUDNN_STATUS_NOT_SUPPORTED" : "CUDNN_STATUS_BAD_PARAM";
}
void cudnnGetLastErrorString(char* message, std::size_t) { message[0] = '\0'; }

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  *handle = new cudnnContext;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  delete handle;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* descriptor) {
  *descriptor = new cudnnTensorStruct;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t descriptor) {
  delete descriptor;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t descriptor, cudnnDataType_t dtype, int rank,
                                         const int* sizes, const int* strides) {
  descriptor->dtype = dtype;
  std::copy_n(sizes, rank, descriptor->sizes.begin());
  std::copy_n(strides, rank, descriptor->strides.begin());
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetTensorNdDescriptor(const cudnnTensorDescriptor_t descriptor, int, cudnnDataType_t* dtype,
                                         int* rank, int* sizes, int* strides) {
  *dtype = descriptor->dtype;
  *rank = 3;
  std::ranges::copy(descriptor->sizes, sizes);
  std::ranges::copy(descriptor->strides, strides);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateRNNDataDescriptor(cudnnRNNDataDescriptor_t* descriptor) {
  *descriptor = new cudnnRNNDataStruct;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnDestroyRNNDataDescriptor(cudnnRNNDataDescriptor_t descriptor) {
  delete descriptor;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetRNNDataDescriptor(cudnnRNNDataDescriptor_t descriptor, cudnnDataType_t,
                                        cudnnRNNDataLayout_t layout, int T, int B, int width, const int* lengths,
                                        void*) {
  const bool full = std::all_of(lengths, lengths + B, [T](int length) { return length == T; });
  *descriptor = {layout, T, B, width};
  return full ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
}

cudnnStatus_t cudnnCreateRNNDescriptor(cudnnRNNDescriptor_t* descriptor) {
  *descriptor = new cudnnRNNStruct;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnDestroyRNNDescriptor(cudnnRNNDescriptor_t descriptor) {
  delete descriptor;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetRNNDescriptor_v8(cudnnRNNDescriptor_t descriptor, cudnnRNNAlgo_t algorithm, cudnnRNNMode_t mode,
                                       cudnnRNNBiasMode_t bias, cudnnDirectionMode_t direction, cudnnRNNInputMode_t,
                                       cudnnDataType_t dtype, cudnnDataType_t, cudnnMathType_t, std::int32_t I,
                                       std::int32_t H, std::int32_t projection, std::int32_t layers,
                                       cudnnDropoutDescriptor_t, std::uint32_t) {
  descriptor->layer = {
      .cell = cell_of(mode), .has_bias = bias == CUDNN_RNN_DOUBLE_BIAS, .I = I, .H = H, .dtype = dtype_of(dtype)};
  const bool known = direction == CUDNN_UNIDIRECTIONAL && projection == H && layers == 1;
  // One algorithm that refuses when it runs, as persistent ones do.
  descriptor->supported = algorithm != CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H;
  return known ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
}
cudnnStatus_t cudnnBuildRNNDynamic(cudnnHandle_t, cudnnRNNDescriptor_t, int) { return CUDNN_STATUS_SUCCESS; }

cudnnStatus_t cudnnGetRNNTempSpaceSizes(cudnnHandle_t, cudnnRNNDescriptor_t network, cudnnForwardMode_t mode,
                                        cudnnRNNDataDescriptor_t x, std::size_t* work, std::size_t* reserve) {
  *work = kWorkBytes;
  *reserve = mode == CUDNN_FWD_MODE_TRAINING ? layer_of(network, x).reserve_bytes() : 0;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetRNNWeightSpaceSize(cudnnHandle_t, cudnnRNNDescriptor_t network, std::size_t* bytes) {
  *bytes = weight_bytes(network->layer);
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnGetRNNWeightParams(cudnnHandle_t, cudnnRNNDescriptor_t network, std::int32_t, std::size_t,
                                      const void* space, std::int32_t id, cudnnTensorDescriptor_t matrix,
                                      void** matrix_address, cudnnTensorDescriptor_t bias, void** bias_address) {
  const DoubleLayer& layer = network->layer;
  const auto H = static_cast<int>(layer.H);
  const auto width = static_cast<int>(layer.width_of(id));
  const auto address = [&](std::int64_t element) {
    return const_cast<std::byte*>(static_cast<const std::byte*>(space)) +
           element * static_cast<std::int64_t>(rondo::size_of(layer.dtype));
  };
  *matrix = {matrix->dtype, {1, H, width}, {H * width, width, 1}};
  *bias = {bias->dtype, {1, H, 1}, {H, 1, 1}};
  *matrix_address = address(layer.matrix_begin(id));
  *bias_address = layer.has_bias ? address(layer.bias_begin(id)) : nullptr;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnRNNForward(cudnnHandle_t handle, cudnnRNNDescriptor_t network, cudnnForwardMode_t mode,
                              const std::int32_t*, cudnnRNNDataDescriptor_t x_sequence, const void* x,
                              cudnnRNNDataDescriptor_t y_sequence, void* y, cudnnTensorDescriptor_t, const void* hx,
                              void* hy, cudnnTensorDescriptor_t, const void* cx, void* cy, std::size_t weight_bytes,
                              const void* weights, std::size_t work_bytes, void* work, std::size_t reserve_bytes,
                              void* reserve) {
  const DoubleLayer layer = layer_of(network, x_sequence);
  if (!network->supported) return CUDNN_STATUS_NOT_SUPPORTED;
  const bool training = mode == CUDNN_FWD_MODE_TRAINING;
  if (!fits(layer, x_sequence, y_sequence, {weight_bytes, work_bytes, work, reserve_bytes}) || y == nullptr ||
      (training && reserve_bytes == 0)) {
    return CUDNN_STATUS_BAD_PARAM;
  }
  const DoubleRun run{
      read(weights, layer), read(x, layer),  read(y, layer),  read(hx, layer),
      read(cx, layer),      read(hy, layer), read(cy, layer), training ? static_cast<double*>(reserve) : nullptr};
  return queue(handle, work, [=] { run_layer(layer, run); });
}

cudnnStatus_t cudnnRNNBackwardData_v8(cudnnHandle_t handle, cudnnRNNDescriptor_t network, const std::int32_t*,
                                      cudnnRNNDataDescriptor_t y_sequence, const void* y, const void* dy,
                                      cudnnRNNDataDescriptor_t x_sequence, void* dx, cudnnTensorDescriptor_t,
                                      const void* hx, const void* dhy, void* dhx, cudnnTensorDescriptor_t,
                                      const void* cx, const void* dcy, void* dcx, std::size_t weight_bytes,
                                      const void* weights, std::size_t work_bytes, void* work,
                                      std::size_t reserve_bytes, void* reserve) {
  const DoubleLayer layer = layer_of(network, x_sequence);
  if (!fits(layer, x_sequence, y_sequence, {weight_bytes, work_bytes, work, reserve_bytes}) || reserve_bytes == 0 ||
      y == nullptr || dy == nullptr || dx == nullptr) {
    return CUDNN_STATUS_BAD_PARAM;
  }
  DoubleGradients gradients{.weights = read(weights, layer), .y = read(y, layer), .initial_h = read(hx, layer)};
  gradients.initial_c = read(cx, layer);
  gradients.d_y = read(dy, layer);
  gradients.d_final_h = read(dhy, layer);
  gradients.d_final_c = read(dcy, layer);
  gradients.d_x = read(dx, layer);
  gradients.d_initial_h = read(dhx, layer);
  gradients.d_initial_c = read(dcx, layer);
  gradients.reserve = static_cast<double*>(reserve);
  return queue(handle, work, [=] { data_gradients(layer, gradients); });
}

cudnnStatus_t cudnnRNNBackwardWeights_v8(cudnnHandle_t handle, cudnnRNNDescriptor_t network, cudnnWgradMode_t mode,
                                         const std::int32_t*, cudnnRNNDataDescriptor_t x_sequence, const void* x,
                                         cudnnTensorDescriptor_t, const void* hx, cudnnRNNDataDescriptor_t y_sequence,
                                         const void* y, std::size_t weight_bytes, void* d_weights,
                                         std::size_t work_bytes, void* work, std::size_t reserve_bytes, void* reserve) {
  const DoubleLayer layer = layer_of(network, x_sequence);
  if (mode != CUDNN_WGRAD_MODE_ADD) return CUDNN_STATUS_NOT_SUPPORTED;
  if (!fits(layer, x_sequence, y_sequence, {weight_bytes, work_bytes, work, reserve_bytes}) || reserve_bytes == 0) {
    return CUDNN_STATUS_BAD_PARAM;
  }
  DoubleGradients gradients{.x = read(x, layer), .y = read(y, layer), .initial_h = read(hx, layer)};
  gradients.d_weights = read(d_weights, layer);
  gradients.reserve = static_cast<double*>(reserve);
  return queue(handle, work, [=] { weight_gradients(layer, gradients); });
}

}  // extern "C"
