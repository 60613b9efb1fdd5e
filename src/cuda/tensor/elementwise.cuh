/// The one elementwise kernel of CUDA devices: result[i] = function(operands[i]...), for any strides. Copies,
/// conversions and every elementwise operation are this kernel with another function.
///
/// A thread takes kWidth neighbouring elements with one access of up to 16 bytes to each operand, where all innermost
/// rows are without gaps and aligned; an operand may repeat one element along them. Else it takes one element.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "cuda/device/launch.cuh"
#include "cuda/device/pack.cuh"
#include "cuda/device/thread.cuh"
#include "cuda/tensor/strided_index.h"
#include "rondo/tensor/stream.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

inline constexpr int kElementwiseThreads = 256;

/// How many blocks have a thread for each of `count` elements, or fill the device several times over. In the latter
/// case a thread takes several elements, one after the other.
inline std::int64_t elementwise_blocks(std::int64_t count, std::int64_t threads, Device device) {
  constexpr std::int64_t kBlocksPerProcessor = 16;
  return std::min(kBlocksPerProcessor * properties_of(device).processors, (count + threads - 1) / threads);
}

/// Tensor 0 is the result, the others are the operands.
template <std::size_t kTensors>
struct ElementwiseArguments {
  std::int64_t packs = 0;
  std::int64_t threads = 0;  ///< of the grid
  /// Finds the offsets of a pack's first element.
  StridedIndex<kTensors> index = {};
  void* result = nullptr;
  const void* operands[kTensors] = {};
  /// Which operands have one element in place of a pack.
  bool repeats[kTensors] = {};
};

template <int kWidth, typename Element>
__device__ inline device::Pack<Element, kWidth> read_operand(const void* data, std::int64_t offset, bool repeats) {
  const Element* source = static_cast<const Element*>(data) + offset;
  device::Pack<Element, kWidth> pack;
  if (!repeats) return *reinterpret_cast<const device::Pack<Element, kWidth>*>(source);
  for (int i = 0; i < kWidth; ++i) pack.elements[i] = *source;
  return pack;
}

/// `function(result, operands...)` works on packs.
template <int kWidth, typename Function, typename Result, typename... Operands>
__global__ void __launch_bounds__(kElementwiseThreads)
    elementwise_kernel(const __grid_constant__ Function function,
                       const __grid_constant__ ElementwiseArguments<sizeof...(Operands) + 1> arguments) {
  std::int64_t i = std::int64_t{device::block_index().x} * device::block_size().x + device::thread_index().x;
  for (; i < arguments.packs; i += arguments.threads) {
    std::int64_t offsets[sizeof...(Operands) + 1];
    arguments.index.offsets(i, offsets);
    device::Pack<Result, kWidth> result = {};
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      function(result,
               read_operand<kWidth, Operands>(arguments.operands[k + 1], offsets[k + 1], arguments.repeats[k + 1])...);
    }
    (std::index_sequence_for<Operands...>{});
    Result* target = static_cast<Result*>(arguments.result) + offsets[0];
    *reinterpret_cast<device::Pack<Result, kWidth>*>(target) = result;
  }
}

/// A nest over `shape` that walks the result through memory as it lies there, whatever the order of its axes: elements
/// are computed one by one, so that their order is free.
template <std::size_t kTensors>
LoopNest<kTensors> nest_along_result(const Shape& shape, const std::array<Strides, kTensors>& strides) {
  std::array<int, kMaxRank> order{};
  for (int axis = 0; axis < shape.rank(); ++axis) order[static_cast<std::size_t>(axis)] = axis;
  std::stable_sort(order.begin(), order.begin() + shape.rank(),
                   [&](int a, int b) { return std::abs(strides[0][a]) > std::abs(strides[0][b]); });
  Shape sorted_shape = shape;
  std::array<Strides, kTensors> sorted = strides;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int from = order[static_cast<std::size_t>(axis)];
    sorted_shape[axis] = shape[from];
    for (std::size_t k = 0; k < kTensors; ++k) sorted[k][axis] = strides[k][from];
  }
  return merge_axes(sorted_shape, sorted);
}

/// Whether the rows of a tensor may be taken kWidth elements at a time.
template <int kWidth, typename Element, std::size_t kTensors>
bool rows_fit_packs(const LoopNest<kTensors>& nest, std::size_t k, const void* data) {
  const int inner = nest.shape.rank() - 1;
  if (nest.shape[inner] % kWidth != 0) return false;
  if (nest.strides[k][inner] == 0) return k > 0;  // an operand that repeats itself
  bool fits = nest.strides[k][inner] == 1 && device::fits_packs<kWidth>(static_cast<const Element*>(data));
  for (int axis = 0; axis < inner; ++axis) fits = fits && nest.strides[k][axis] % kWidth == 0;
  return fits;
}

template <int kWidth, typename Result, typename... Operands, typename Function>
void launch_elementwise_packs(const Function& function, LoopNest<sizeof...(Operands) + 1> nest,
                              ElementwiseArguments<sizeof...(Operands) + 1> arguments, Stream stream) {
  if constexpr (kWidth > 1) {
    const int inner = nest.shape.rank() - 1;
    nest.shape[inner] /= kWidth;
    for (std::size_t k = 0; k <= sizeof...(Operands); ++k) {
      arguments.repeats[k] = nest.strides[k][inner] == 0;
      nest.strides[k][inner] *= kWidth;
    }
  }
  arguments.packs = nest.shape.numel();
  arguments.index = StridedIndex(nest);
  constexpr std::int64_t kWarp = 32;
  const std::int64_t threads =
      std::min<std::int64_t>(kElementwiseThreads, (arguments.packs + kWarp - 1) / kWarp * kWarp);
  const std::int64_t blocks = elementwise_blocks(arguments.packs, threads, stream.device);
  arguments.threads = blocks * threads;
  device::launch(elementwise_kernel<kWidth, Function, Result, Operands...>,
                 {.grid = {static_cast<unsigned>(blocks)}, .block = {static_cast<unsigned>(threads)}, .stream = stream},
                 function, arguments);
}

/// Queues result[i] = function(operands[i]...) on the current stream of the result's device; all have the result's
/// shape. The element types are what the kernel takes the bytes for, of the right size: not always those of the dtype.
template <typename Result, typename... Operands, typename Function, typename... Tensors>
void launch_elementwise(const Function& function, const Tensor& result, const Tensors&... operands) {
  static_assert(sizeof...(Operands) == sizeof...(Tensors));
  if (result.numel() == 0) return;
  constexpr std::size_t kTensors = sizeof...(Operands) + 1;
  constexpr int kWide = static_cast<int>(16 / std::max({sizeof(Result), sizeof(Operands)...}));
  const LoopNest<kTensors> nest =
      nest_along_result<kTensors>(result.shape(), {result.strides(), operands.strides()...});
  const ElementwiseArguments<kTensors> arguments{.result = result.data(), .operands = {nullptr, operands.data()...}};
  const Stream stream = current_stream(result.device());
  const bool wide = nest.shape.rank() > 0 && [&]<std::size_t... k>(std::index_sequence<k...>) {
    return rows_fit_packs<kWide, Result>(nest, 0, result.data()) &&
           (rows_fit_packs<kWide, Operands>(nest, k + 1, operands.data()) && ... && true);
  }
  (std::index_sequence_for<Operands...>{});
  if (wide) {
    launch_elementwise_packs<kWide, Result, Operands...>(function, nest, arguments, stream);
  } else {
    launch_elementwise_packs<1, Result, Operands...>(function, nest, arguments, stream);
  }
}

}  // namespace rondo
