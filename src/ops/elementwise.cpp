// Elementwise functions: checks, result, dispatch to the device.

#include <cmath>

#include "ops/backend.h"
#include "ops/check.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {
namespace {

Tensor unary(const UnaryOp& op, const Tensor& x) {
  const OpsBackend& backend = backend_of(x.device());
  Tensor result = Tensor::empty(x.shape(), x.dtype(), x.device());
  backend.unary(op, x, result);
  return result;
}

Tensor floating_unary(const char* function, UnaryKind kind, const Tensor& x) {
  check_floating({function, "x", x});
  return unary({kind}, x);
}

Tensor number_unary(const char* function, const UnaryOp& op, const Tensor& x) {
  check_number({function, "x", x});
  return unary(op, x);
}

Tensor binary(const char* function, BinaryOp op, const Tensor& a, const Tensor& b) {
  check_number({function, "a", a});
  check_agree({function, "a", a}, {function, "b", b});
  const OpsBackend& backend = backend_of(a.device());
  Tensor result = Tensor::empty(broadcast_shapes(a.shape(), b.shape()), a.dtype(), a.device());
  backend.binary(op, a.broadcast_to(result.shape()), b.broadcast_to(result.shape()), result);
  return result;
}

// A number beside an integer tensor must be an integer of that dtype: nothing is rounded silently.
Tensor with_number(const char* function, UnaryKind kind, const Tensor& a, double b) {
  check_number({function, "a", a});
  if (!is_floating(a.dtype())) {
    const bool exact = dispatch_dtype(a.dtype(), [&]<typename Element>(ElementTag<Element>) {
      return convert_element<double>(convert_element<Element>(b)) == b;
    });
    if (!exact) {
      throw ValueError("b of " + std::string(function), std::to_string(b), "an integer for a, " + describe(a));
    }
  }
  return unary({kind, b}, a);
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) { return binary("add", BinaryOp::add, a, b); }
Tensor sub(const Tensor& a, const Tensor& b) { return binary("sub", BinaryOp::sub, a, b); }
Tensor mul(const Tensor& a, const Tensor& b) { return binary("mul", BinaryOp::mul, a, b); }
Tensor div(const Tensor& a, const Tensor& b) {
  check_floating({"div", "a", a});
  return binary("div", BinaryOp::div, a, b);
}
Tensor maximum(const Tensor& a, const Tensor& b) { return binary("maximum", BinaryOp::maximum, a, b); }
Tensor minimum(const Tensor& a, const Tensor& b) { return binary("minimum", BinaryOp::minimum, a, b); }

Tensor add(const Tensor& a, double b) { return with_number("add", UnaryKind::add_number, a, b); }
Tensor mul(const Tensor& a, double b) { return with_number("mul", UnaryKind::mul_number, a, b); }

Tensor neg(const Tensor& x) { return number_unary("neg", {UnaryKind::neg}, x); }
Tensor relu(const Tensor& x) { return number_unary("relu", {UnaryKind::relu}, x); }
Tensor tanh(const Tensor& x) { return floating_unary("tanh", UnaryKind::tanh, x); }
Tensor sigmoid(const Tensor& x) { return floating_unary("sigmoid", UnaryKind::sigmoid, x); }
Tensor hard_sigmoid(const Tensor& x) { return floating_unary("hard_sigmoid", UnaryKind::hard_sigmoid, x); }
Tensor hard_sigmoid_keras3(const Tensor& x) {
  return floating_unary("hard_sigmoid_keras3", UnaryKind::hard_sigmoid_keras3, x);
}
Tensor activate(Activation activation, const Tensor& x) {
  switch (activation) {
    case Activation::linear: return x;
    case Activation::tanh: return tanh(x);
    case Activation::sigmoid: return sigmoid(x);
    case Activation::hard_sigmoid: return hard_sigmoid(x);
    case Activation::hard_sigmoid_keras3: return hard_sigmoid_keras3(x);
    case Activation::relu: return relu(x);
  }
  throw ValueError("activation", std::to_string(static_cast<int>(activation)), "one of the Activation values");
}
Tensor sqrt(const Tensor& x) { return floating_unary("sqrt", UnaryKind::sqrt, x); }
Tensor exp(const Tensor& x) { return floating_unary("exp", UnaryKind::exp, x); }

Tensor clip(const Tensor& x, double low, double high) {
  check_number({"clip", "x", x});
  if (!(low <= high)) {  // also true if one bound is NaN
    throw ValueError("low and high of clip", std::to_string(low) + " and " + std::to_string(high), "low <= high");
  }
  // Between integers, the bounds are the integers inside [low, high].
  const bool integers = !is_floating(x.dtype());
  const UnaryOp op{UnaryKind::clip, integers ? std::ceil(low) : low, integers ? std::floor(high) : high};
  if (op.first > op.second) {
    throw ValueError("low and high of clip", std::to_string(low) + " and " + std::to_string(high),
                     "an integer between them for x, " + describe(x));
  }
  return unary(op, x);
}

Tensor where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false) {
  const Argument first{"where", "if_true", if_true};
  check_agree(first, {"where", "if_false", if_false});
  check_same_device(first, {"where", "condition", condition});
  if (condition.dtype() != DType::boolean) {
    throw ValueError("condition of where", describe(condition), "bool elements");
  }
  const OpsBackend& backend = backend_of(if_true.device());
  const Shape shape = broadcast_shapes(broadcast_shapes(if_true.shape(), if_false.shape()), condition.shape());
  Tensor result = Tensor::empty(shape, if_true.dtype(), if_true.device());
  backend.where(condition.broadcast_to(shape), if_true.broadcast_to(shape), if_false.broadcast_to(shape), result);
  return result;
}

}  // namespace rondo
