// Sums, means and maxima.
//
// The elements that one result is folded from are numbered by their indices, whatever their strides, and each thread of
// a group takes every kLanes-th of them; long runs are cut into parts, which are folded again. Lanes and parts depend
// on nothing but that number of elements: equal arguments give bitwise equal results. Floats accumulate in double,
// integers in 64 bits that wrap around, as on the CPU.

#include "cuda/device/convert_element.cuh"
#include "cuda/device/launch.cuh"
#include "cuda/ops/cuda_ops.h"
#include "cuda/ops/line_groups.cuh"
#include "cuda/tensor/strided_index.h"
#include "ops/functions.h"
#include "rondo/tensor/stream.h"

namespace rondo {
namespace {

struct Fold {
  ReduceOp op;

  template <typename Total>
  __device__ Total operator()(Total a, Total b) const {
    return op == ReduceOp::max ? function::Larger{}(a, b) : plus(a, b);
  }
};

/// `lines` results are made, `parts` for each element that stays, each from `part_length` elements of those that
/// vanish.
template <typename Total>
struct ReduceArguments {
  Fold fold = {};
  Total identity = {};
  Total divisor = 1;  ///< of a float
  const void* x = nullptr;
  void* result = nullptr;
  StridedIndex<1> kept = {};
  StridedIndex<1> reduced = {};
  std::int64_t lines = 0;
  std::int64_t groups = 0;
  std::int64_t parts = 1;
  Divisor<std::uint64_t> by_parts = Divisor<std::uint64_t>(1);
  std::int64_t part_length = 0;
  std::int64_t length = 0;  ///< of all parts
};

/// This lane's share of the part that begins at element `begin`.
template <int kLanes, typename Element, typename Total>
__device__ inline Total fold_lane(const ReduceArguments<Total>& reduce, const Element* x, std::int64_t begin,
                                  int lane) {
  const std::int64_t end = begin + reduce.part_length < reduce.length ? begin + reduce.part_length : reduce.length;
  Total total = reduce.identity;
  for (std::int64_t i = begin + lane; i < end; i += kLanes) {
    std::int64_t offset[1];
    reduce.reduced.offsets(i, offset);
    total = reduce.fold(total, device::convert_element<Total>(x[offset[0]]));
  }
  return total;
}

template <typename Element, typename Result, int kLanes>
__global__ void __launch_bounds__(kBlockLanes)
    reduce_kernel(const __grid_constant__ ReduceArguments<Accumulator<Element>> reduce) {
  using Total = Accumulator<Element>;
  const LineGroup<kLanes> group = line_group<kLanes>();
  for (std::int64_t line = group.first_line; line < reduce.lines; line += reduce.groups) {
    const auto kept = static_cast<std::int64_t>(reduce.by_parts.quotient(static_cast<std::uint64_t>(line)));
    std::int64_t offset[1];
    reduce.kept.offsets(kept, offset);
    const Element* x = static_cast<const Element*>(reduce.x) + offset[0];
    const std::int64_t begin = (line - kept * reduce.parts) * reduce.part_length;
    Total total = fold_lane<kLanes>(reduce, x, begin, group.lane);
    total = device::fold_group<kLanes>(total, reduce.fold);
    if (group.lane != 0) continue;
    // 0 / 0, the mean of nothing, is NaN; the integers are never divided.
    if constexpr (!std::is_integral_v<Total>) total /= reduce.divisor;
    Result& result = static_cast<Result*>(reduce.result)[line];
    if constexpr (std::is_integral_v<Total>) {
      result = static_cast<Result>(total);
    } else {
      result = device::convert_element<Result>(total);
    }
  }
}

template <typename Element, typename Result, int kLanes>
void launch_reduce(ReduceArguments<Accumulator<Element>> arguments, Stream stream) {
  const device::LaunchConfig config =
      line_grid<kLanes>(arguments.lines, device::fold_bytes<kLanes, Accumulator<Element>>(), stream);
  arguments.groups = groups_of<kLanes>(config);
  device::launch(reduce_kernel<Element, Result, kLanes>, config, arguments);
}

/// The axes of x for which `kept` and x agree on being of size 1, or do not.
LoopNest<1> nest_over(const Tensor& x, const Shape& kept, bool that_stay) {
  Shape shape;
  Strides strides;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool stays = kept[axis] == x.size(axis);
    if (stays != that_stay) continue;
    shape = shape.insert(shape.rank(), x.size(axis));
    strides = strides.insert(strides.rank(), x.stride(axis));
  }
  return merge_axes<1>(shape, {strides});
}

/// Into how many parts the elements of one result are cut, so that few results keep a whole device busy.
std::int64_t parts_of(std::int64_t length) {
  constexpr std::int64_t kPartLength = 1 << 13;
  constexpr std::int64_t kMostParts = 256;
  return length < 4 * kPartLength ? 1 : std::min(kMostParts, (length + kPartLength - 1) / kPartLength);
}

/// Reduces in two steps: the parts of each result into accumulators, and the accumulators into results.
template <typename Element>
void reduce_in_parts(const ReduceArguments<Accumulator<Element>>& whole, std::int64_t parts, Device device) {
  using Total = Accumulator<Element>;
  const Stream stream = current_stream(device);
  const Shape shape{whole.lines, parts};
  const Tensor partial = Tensor::empty(shape, dtype_of<Total>, device);
  ReduceArguments<Total> first = whole;
  first.divisor = 1;
  first.result = partial.data();
  first.lines = whole.lines * parts;
  first.parts = parts;
  first.by_parts = Divisor<std::uint64_t>(static_cast<std::uint64_t>(parts));
  first.part_length = (whole.length + parts - 1) / parts;
  launch_reduce<Element, Total, kBlockLanes>(first, stream);
  ReduceArguments<Total> second = whole;
  second.x = partial.data();
  second.kept = StridedIndex(LoopNest<1>{{whole.lines}, {Strides{parts}}});
  second.reduced = StridedIndex(LoopNest<1>{{parts}, {Strides{1}}});
  second.part_length = parts;
  second.length = parts;
  launch_reduce<Total, Element, device::kWarpLanes>(second, stream);
}

template <typename Element>
void reduce_elements(ReduceOp op, const Tensor& x, const Tensor& result) {
  using Total = Accumulator<Element>;
  const LoopNest<1> reduced = nest_over(x, result.shape(), false);
  const std::int64_t length = reduced.shape.numel();
  const ReduceArguments<Total> arguments{.fold = {op},
                                         .identity = reduce_identity<Total>(op),
                                         .divisor = op == ReduceOp::mean ? static_cast<Total>(length) : Total{1},
                                         .x = x.data(),
                                         .result = result.data(),
                                         .kept = StridedIndex(nest_over(x, result.shape(), true)),
                                         .reduced = StridedIndex(reduced),
                                         .lines = result.numel(),
                                         .part_length = length,
                                         .length = length};
  const std::int64_t parts = parts_of(length);
  if (parts > 1) return reduce_in_parts<Element>(arguments, parts, result.device());
  const Stream stream = current_stream(result.device());
  with_lanes(length, [&](auto lanes) { launch_reduce<Element, Element, lanes()>(arguments, stream); });
}

}  // namespace

void cuda_reduce(ReduceOp op, const Tensor& x, const Tensor& result) {
  if (result.numel() == 0) return;
  dispatch_dtype(x.dtype(), [&]<typename Element>(ElementTag<Element>) {
    if constexpr (kIsNumber<Element>) reduce_elements<Element>(op, x, result);
  });
}

}  // namespace rondo
