// Elements chosen by a condition, and the mask that chooses the first elements of each row.

#include "cpu/ops/cpu_ops.h"
#include "cpu/ops/elementwise_loop.h"
#include "tensor/strided_loop.h"

namespace rondo {
namespace {

template <typename Element>
void choose(const Tensor& condition, const Tensor& if_true, const Tensor& if_false, const Tensor& result) {
  const bool* chosen = condition.data<bool>();
  const Element* yes = if_true.data<Element>();
  const Element* no = if_false.data<Element>();
  Element* to = result.data<Element>();
  strided_loop<4>(result.shape(), {result.strides(), condition.strides(), if_true.strides(), if_false.strides()},
                  [&](std::int64_t count, const auto& offsets, const auto& steps) {
                    for (std::int64_t i = 0; i < count; ++i) {
                      to[offsets[0] + i] = chosen[offsets[1] + i * steps[1]] ? yes[offsets[2] + i * steps[2]]
                                                                             : no[offsets[3] + i * steps[3]];
                    }
                  });
}

}  // namespace

void cpu_where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false, const Tensor& result) {
  dispatch_dtype(result.dtype(),
                 [&]<typename Element>(ElementTag<Element>) { choose<Element>(condition, if_true, if_false, result); });
}

void cpu_sequence_mask(const Tensor& lengths, const Tensor& result) {
  const Tensor wide = lengths.to(DType::i64);
  const std::int64_t T = result.size(1);
  bool* row = result.data<bool>();
  for (std::int64_t b = 0; b < result.size(0); ++b, row += T) {
    const std::int64_t length = wide.data<std::int64_t>()[b * wide.stride(0)];
    for (std::int64_t t = 0; t < T; ++t) row[t] = t < length;
  }
}

}  // namespace rondo
