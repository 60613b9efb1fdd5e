// softmax(x)[i] = exp(x[i] - max x) / sum_j exp(x[j] - max x)

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/ops/cpu_ops.h"
#include "cpu/ops/elementwise_loop.h"
#include "tensor/strided_loop.h"

namespace rondo {
namespace {

// `powers` has room for one line along the axis.
template <typename Element, typename Real>
void softmax_line(const Element* x, std::int64_t x_step, Element* result, std::int64_t result_step,
                  std::vector<Real>& powers) {
  Real most = -std::numeric_limits<Real>::infinity();
  for (std::size_t i = 0; i < powers.size(); ++i) {
    powers[i] = convert_element<Real>(x[static_cast<std::int64_t>(i) * x_step]);
    most = std::max(most, powers[i]);  // ignores NaN, which still makes the sum NaN
  }
  double sum = 0;
  for (Real& power : powers) {
    power = std::exp(power - most);
    sum += static_cast<double>(power);
  }
  for (std::size_t i = 0; i < powers.size(); ++i) {
    result[static_cast<std::int64_t>(i) * result_step] = convert_element<Element>(powers[i] / static_cast<Real>(sum));
  }
}

template <typename Element>
void softmax_elements(const Tensor& x, int axis, const Tensor& result) {
  const Element* from = x.data<Element>();
  Element* to = result.data<Element>();
  std::vector<Computed<Element>> powers(static_cast<std::size_t>(x.size(axis)));
  strided_loop<2>(x.shape().erase(axis), {x.strides().erase(axis), result.strides().erase(axis)},
                  [&](std::int64_t count, const auto& offsets, const auto& steps) {
                    for (std::int64_t i = 0; i < count; ++i) {
                      softmax_line(from + offsets[0] + i * steps[0], x.stride(axis), to + offsets[1] + i * steps[1],
                                   result.stride(axis), powers);
                    }
                  });
}

}  // namespace

void cpu_softmax(const Tensor& x, int axis, const Tensor& result) {
  if (x.numel() == 0) return;
  dispatch_dtype(x.dtype(), [&]<typename Element>(ElementTag<Element>) {
    if constexpr (std::is_floating_point_v<Computed<Element>>) softmax_elements<Element>(x, axis, result);
  });
}

}  // namespace rondo
