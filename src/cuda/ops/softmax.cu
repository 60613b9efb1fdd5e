// softmax(x)[i] = exp(x[i] - max x) / sum_j exp(x[j] - max x)

#include <limits>

#include "cuda/device/convert_element.cuh"
#include "cuda/device/launch.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/ops/cuda_ops.h"
#include "cuda/ops/line_groups.cuh"
#include "cuda/tensor/strided_index.h"
#include "ops/functions.h"
#include "rondo/tensor/stream.h"

namespace rondo {
namespace {

/// The larger of two numbers. A NaN may be passed over, because it reaches the result through the sum.
struct LargerNumber {
  template <typename Real>
  __device__ Real operator()(Real a, Real b) const {
    return a < b ? b : a;
  }
};

template <typename Element>
struct SoftmaxArguments {
  const Element* x = nullptr;
  Element* result = nullptr;
  StridedIndex<2> lines = {};  ///< of x and of the result
  std::int64_t line_count = 0;
  std::int64_t groups = 0;
  std::int64_t length = 0;
  std::int64_t x_step = 0;
  std::int64_t result_step = 0;
  Computed<Element> least = {};  ///< minus infinity
};

template <typename Element, int kLanes>
__global__ void __launch_bounds__(kBlockLanes)
    softmax_kernel(const __grid_constant__ SoftmaxArguments<Element> softmax) {
  using Real = Computed<Element>;
  const LineGroup<kLanes> group = line_group<kLanes>();
  for (std::int64_t line = group.first_line; line < softmax.line_count; line += softmax.groups) {
    std::int64_t offsets[2];
    softmax.lines.offsets(line, offsets);
    const auto x = [&](std::int64_t i) {
      return device::convert_element<Real>(softmax.x[offsets[0] + i * softmax.x_step]);
    };
    Real most = softmax.least;
    for (std::int64_t i = group.lane; i < softmax.length; i += kLanes) most = LargerNumber{}(most, x(i));
    most = device::fold_group<kLanes>(most, LargerNumber{});
    double sum = 0;
    RONDO_KEEP_LOOP
    for (std::int64_t i = group.lane; i < softmax.length; i += kLanes) {
      sum += static_cast<double>(function::Exponential{}(x(i) - most));
    }
    sum = device::fold_group<kLanes>(sum, function::Add{});
    RONDO_KEEP_LOOP
    for (std::int64_t i = group.lane; i < softmax.length; i += kLanes) {
      softmax.result[offsets[1] + i * softmax.result_step] =
          device::convert_element<Element>(function::Exponential{}(x(i) - most) / static_cast<Real>(sum));
    }
  }
}

template <typename Element>
void softmax_elements(const Tensor& x, int axis, const Tensor& result) {
  const Shape outer = x.shape().erase(axis);
  SoftmaxArguments<Element> arguments{
      .x = x.data<Element>(),
      .result = result.data<Element>(),
      .lines = StridedIndex(merge_axes<2>(outer, {x.strides().erase(axis), result.strides().erase(axis)})),
      .line_count = outer.numel(),
      .length = x.size(axis),
      .x_step = x.stride(axis),
      .result_step = result.stride(axis),
      .least = -std::numeric_limits<Computed<Element>>::infinity()};
  with_lanes(arguments.length, [&](auto lanes) {
    const device::LaunchConfig config = line_grid<lanes()>(arguments.line_count, device::fold_bytes<lanes(), double>(),
                                                           current_stream(result.device()));
    arguments.groups = groups_of<lanes()>(config);
    device::launch(softmax_kernel<Element, lanes()>, config, arguments);
  });
}

}  // namespace

void cuda_softmax(const Tensor& x, int axis, const Tensor& result) {
  if (x.numel() == 0) return;
  dispatch_dtype(x.dtype(), [&]<typename Element>(ElementTag<Element>) {
    if constexpr (std::is_floating_point_v<Computed<Element>>) softmax_elements<Element>(x, axis, result);
  });
}

}  // namespace rondo
