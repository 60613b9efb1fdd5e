/// Function objects that compute one element of each op. Every device uses them.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "ops/backend.h"
#include "rondo/vocabulary/activation.h"
#include "rondo/vocabulary/host_device.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {

/// The type in which an element is computed: float for the 16-bit floats, else the element's own type.
template <typename Element>
using Computed = std::conditional_t<kIs16Bit<Element>, float, Element>;

/// The type in which sums and maxima accumulate: double, or a 64-bit integer that wraps around.
template <typename Element>
using Accumulator = std::conditional_t<std::is_integral_v<Element>, std::int64_t, double>;

/// The type in which arithmetic wraps around on overflow: C++ allows that for unsigned integers alone.
template <typename Number, bool = std::is_integral_v<Number>>
struct Wrapping {
  using Type = Number;
};
template <typename Number>
struct Wrapping<Number, true> {
  using Type = std::make_unsigned_t<Number>;
};

template <typename Number>
RONDO_HOST_DEVICE Number plus(Number a, Number b) {
  using Wide = typename Wrapping<Number>::Type;
  return static_cast<Number>(static_cast<Wide>(a) + static_cast<Wide>(b));
}
template <typename Number>
RONDO_HOST_DEVICE Number minus(Number a, Number b) {
  using Wide = typename Wrapping<Number>::Type;
  return static_cast<Number>(static_cast<Wide>(a) - static_cast<Wide>(b));
}
template <typename Number>
RONDO_HOST_DEVICE Number times(Number a, Number b) {
  using Wide = typename Wrapping<Number>::Type;
  return static_cast<Number>(static_cast<Wide>(a) * static_cast<Wide>(b));
}

namespace function {

struct Add {
  template <typename Number>
  RONDO_HOST_DEVICE Number operator()(Number a, Number b) const {
    return plus(a, b);
  }
};
struct Subtract {
  template <typename Number>
  RONDO_HOST_DEVICE Number operator()(Number a, Number b) const {
    return minus(a, b);
  }
};
struct Multiply {
  template <typename Number>
  RONDO_HOST_DEVICE Number operator()(Number a, Number b) const {
    return times(a, b);
  }
};
struct Divide {
  template <typename Real>
  RONDO_HOST_DEVICE Real operator()(Real a, Real b) const {
    return a / b;
  }
};

struct Negate {
  template <typename Number>
  RONDO_HOST_DEVICE Number operator()(Number v) const {
    if constexpr (std::is_floating_point_v<Number>) {
      return -v;  // not 0 - v, which would lose the sign of zero
    } else {
      return minus(Number{0}, v);
    }
  }
};
struct Relu {
  template <typename Number>
  RONDO_HOST_DEVICE Number operator()(Number v) const {
    return formula::relu(v);
  }
};
template <typename Number>
struct Clip {
  Number low;
  Number high;
  RONDO_HOST_DEVICE Number operator()(Number v) const { return formula::clip(v, low, high); }
};
template <typename Number>
struct AddNumber {
  Number number;
  RONDO_HOST_DEVICE Number operator()(Number v) const { return plus(v, number); }
};
template <typename Number>
struct MultiplyByNumber {
  Number number;
  RONDO_HOST_DEVICE Number operator()(Number v) const { return times(v, number); }
};
template <Activation kActivation>
struct Activate {
  template <typename Real>
  RONDO_HOST_DEVICE Real operator()(Real v) const {
    return activate(kActivation, v);
  }
};
struct Exponential {
  template <typename Real>
  RONDO_HOST_DEVICE Real operator()(Real v) const {
    using std::exp;
    return exp(v);
  }
};

struct SquareRoot {
  template <typename Real>
  RONDO_HOST_DEVICE Real operator()(Real v) const {
    using std::sqrt;
    return sqrt(v);
  }
};

/// The larger of two numbers; NaN if one of them is NaN.
struct Larger {
  template <typename Number>
  RONDO_HOST_DEVICE Number operator()(Number most, Number value) const {
    return value > most || value != value ? value : most;
  }
};
/// The smaller of two numbers; NaN if one of them is NaN.
struct Smaller {
  template <typename Number>
  RONDO_HOST_DEVICE Number operator()(Number least, Number value) const {
    return value < least || value != value ? value : least;
  }
};

}  // namespace function

/// A UnaryOp whose constants have the type in which its tensor is computed.
template <typename Number>
struct UnaryFunction {
  UnaryKind kind;
  Number first;
  Number second;
};

/// Rounds the constants of an operation to the dtype of its tensor, then converts them to the type of the computation.
template <typename Element>
UnaryFunction<Computed<Element>> unary_function(const UnaryOp& op) {
  const auto constant = [](double v) { return convert_element<Computed<Element>>(convert_element<Element>(v)); };
  return {op.kind, constant(op.first), constant(op.second)};
}

/// Calls `visit` with the function object that `op` stands for.
template <typename Number, typename Visit>
RONDO_HOST_DEVICE void visit_function(const UnaryFunction<Number>& op, const Visit& visit) {
  switch (op.kind) {
    case UnaryKind::neg: return visit(function::Negate{});
    case UnaryKind::relu: return visit(function::Relu{});
    case UnaryKind::clip: return visit(function::Clip<Number>{op.first, op.second});
    case UnaryKind::add_number: return visit(function::AddNumber<Number>{op.first});
    case UnaryKind::mul_number: return visit(function::MultiplyByNumber<Number>{op.first});
    default: break;
  }
  if constexpr (std::is_floating_point_v<Number>) {
    switch (op.kind) {
      case UnaryKind::sqrt: return visit(function::SquareRoot{});
      case UnaryKind::tanh: return visit(function::Activate<Activation::tanh>{});
      case UnaryKind::sigmoid: return visit(function::Activate<Activation::sigmoid>{});
      case UnaryKind::hard_sigmoid: return visit(function::Activate<Activation::hard_sigmoid>{});
      case UnaryKind::hard_sigmoid_keras3: return visit(function::Activate<Activation::hard_sigmoid_keras3>{});
      default: return visit(function::Exponential{});
    }
  }
}

/// Calls `visit` with the function object that `op` stands for on two operands of type Number.
template <typename Number, typename Visit>
RONDO_HOST_DEVICE void visit_function(BinaryOp op, const Visit& visit) {
  switch (op) {
    case BinaryOp::add: return visit(function::Add{});
    case BinaryOp::sub: return visit(function::Subtract{});
    case BinaryOp::mul: return visit(function::Multiply{});
    case BinaryOp::maximum: return visit(function::Larger{});
    case BinaryOp::minimum: return visit(function::Smaller{});
    case BinaryOp::div:
      if constexpr (std::is_floating_point_v<Number>) visit(function::Divide{});
  }
}

/// The initial value of the accumulator of `op`: the identity of its fold.
template <typename Total>
constexpr Total reduce_identity(ReduceOp op) {
  using Limits = std::numeric_limits<Total>;
  constexpr Total kLowest = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  return op == ReduceOp::max ? kLowest : Total{0};
}

}  // namespace rondo
