// Elementwise functions of one tensor.

#include <cmath>

#include "cpu/ops/cpu_ops.h"
#include "cpu/ops/elementwise_loop.h"
#include "rondo/activation.h"
#include "tensor/strided_loop.h"

namespace rondo {
namespace {

template <typename Element, typename Function>
void map_unary(const Tensor& x, const Tensor& result, const Function& function) {
  const Element* from = x.data<Element>();
  Element* to = result.data<Element>();
  strided_loop<2>(
      result.shape(), {result.strides(), x.strides()}, [&](std::int64_t count, const auto& offsets, const auto& steps) {
        with_row(from + offsets[1], steps[1], [&](const auto& row) { map_row(count, to + offsets[0], function, row); });
      });
}

// A constant of an operation takes the dtype of its tensor.
template <typename Element>
Computed<Element> constant(double value) {
  return convert_element<Computed<Element>>(convert_element<Element>(value));
}

template <typename Element>
void floating_unary(UnaryKind kind, const Tensor& x, const Tensor& result) {
  using Real = Computed<Element>;
  const auto map = [&](const auto& function) { map_unary<Element>(x, result, function); };
  switch (kind) {
    case UnaryKind::tanh: return map([](Real v) { return formula::tanh(v); });
    case UnaryKind::sigmoid: return map([](Real v) { return formula::sigmoid(v); });
    case UnaryKind::hard_sigmoid: return map([](Real v) { return formula::hard_sigmoid(v); });
    case UnaryKind::hard_sigmoid_keras3: return map([](Real v) { return formula::hard_sigmoid_keras3(v); });
    default: return map([](Real v) { return std::exp(v); });
  }
}

template <typename Element>
void number_unary(const UnaryOp& op, const Tensor& x, const Tensor& result) {
  using Number = Computed<Element>;
  const Number first = constant<Element>(op.first);
  const Number second = constant<Element>(op.second);
  const auto map = [&](const auto& function) { map_unary<Element>(x, result, function); };
  switch (op.kind) {
    case UnaryKind::neg:
      // Not 0 - v, which would lose the sign of zero.
      if constexpr (std::is_floating_point_v<Number>) return map([](Number v) { return -v; });
      return map([](Number v) { return minus(Number{0}, v); });
    case UnaryKind::relu: return map([](Number v) { return formula::relu(v); });
    case UnaryKind::clip: return map([=](Number v) { return formula::clip(v, first, second); });
    case UnaryKind::add_number: return map([=](Number v) { return plus(v, first); });
    case UnaryKind::mul_number: return map([=](Number v) { return times(v, first); });
    default:
      if constexpr (std::is_floating_point_v<Number>) floating_unary<Element>(op.kind, x, result);
  }
}

}  // namespace

void cpu_unary(const UnaryOp& op, const Tensor& x, const Tensor& result) {
  dispatch_dtype(x.dtype(), [&]<typename Element>(ElementTag<Element>) {
    if constexpr (!std::is_same_v<Element, bool>) number_unary<Element>(op, x, result);
  });
}

}  // namespace rondo
