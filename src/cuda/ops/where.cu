// Choosing elements by a condition, and the mask that chooses the first elements of each row.

#include "cuda/ops/cuda_ops.h"
#include "cuda/tensor/element_bits.h"
#include "cuda/tensor/elementwise.cuh"

namespace rondo {
namespace {

struct Choose {
  template <typename Bits, int kWidth>
  __device__ void operator()(device::Pack<Bits, kWidth>& result, const device::Pack<bool, kWidth>& condition,
                             const device::Pack<Bits, kWidth>& if_true,
                             const device::Pack<Bits, kWidth>& if_false) const {
    for (int i = 0; i < kWidth; ++i) {
      result.elements[i] = condition.elements[i] ? if_true.elements[i] : if_false.elements[i];
    }
  }
};

constexpr int kMaskThreads = 256;

template <typename Length>
struct MaskArguments {
  const Length* lengths;
  std::int64_t stride;
  std::int64_t T;
  std::int64_t count;
  std::int64_t threads;  ///< of the grid
  bool* result;
};

template <typename Length>
__global__ void __launch_bounds__(kMaskThreads)
    sequence_mask_kernel(const __grid_constant__ MaskArguments<Length> mask) {
  std::int64_t i = std::int64_t{device::block_index().x} * kMaskThreads + device::thread_index().x;
  for (; i < mask.count; i += mask.threads) {
    const std::int64_t b = i / mask.T;
    mask.result[i] = i - b * mask.T < mask.lengths[b * mask.stride];
  }
}

template <typename Length>
void launch_sequence_mask(const Tensor& lengths, const Tensor& result) {
  const std::int64_t blocks = elementwise_blocks(result.numel(), kMaskThreads, result.device());
  const MaskArguments<Length> arguments{.lengths = lengths.data<Length>(),
                                        .stride = lengths.stride(0),
                                        .T = result.size(1),
                                        .count = result.numel(),
                                        .threads = blocks * kMaskThreads,
                                        .result = result.data<bool>()};
  device::launch(
      sequence_mask_kernel<Length>,
      {.grid = {static_cast<unsigned>(blocks)}, .block = {kMaskThreads}, .stream = current_stream(result.device())},
      arguments);
}

}  // namespace

void cuda_where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false, const Tensor& result) {
  dispatch_bits(result.dtype(), [&]<typename Bits>(ElementTag<Bits>) {
    launch_elementwise<Bits, bool, Bits, Bits>(Choose{}, result, condition, if_true, if_false);
  });
}

void cuda_sequence_mask(const Tensor& lengths, const Tensor& result) {
  if (result.numel() == 0) return;
  if (lengths.dtype() == DType::i32) {
    launch_sequence_mask<std::int32_t>(lengths, result);
  } else {
    launch_sequence_mask<std::int64_t>(lengths, result);
  }
}

}  // namespace rondo
