/// The value and the derivative of an activation, and what the gradients of a cell keep of one.
///
/// A type that stands for an activation in a kernel has `activate`, and `derivative_at_kept` of what was kept. Of the
/// six basic activations the value y is kept; where an Activation has another kind, x is.
#pragma once

#include "vocabulary/activations/list.h"

namespace rondo {

/// Whether `kind` is one of the six that every executor but cuDNN's has.
RONDO_HOST_DEVICE constexpr bool is_basic(ActivationKind kind) { return kind <= ActivationKind::relu; }

/// One of the basic activations: what kernels take that have no others.
struct BasicActivation {
  ActivationKind kind = ActivationKind::linear;
};

template <typename Real>
RONDO_HOST_DEVICE Real activate(BasicActivation activation, Real x) {
  return formula::basic_value(activation.kind, x);
}
template <typename Real>
RONDO_HOST_DEVICE Real derivative_at_kept(BasicActivation activation, Real y) {
  return formula::basic_slope(activation.kind, y);
}

namespace formula {

/// Not inlined: kernels call activations for many units and gates, and all formulas in each place would be too much
/// code for registers and for compilers.
template <typename Real>
[[gnu::noinline]] RONDO_HOST_DEVICE Real other_value(ActivationKind kind, Real alpha, Real beta, Real gamma, Real x) {
  Real y = x;
  OtherList::visit(kind, [&](auto of_kind) { y = of_kind.value(x, Parameters<Real>{alpha, beta, gamma}); });
  return y;
}
template <typename Real>
[[gnu::noinline]] RONDO_HOST_DEVICE Real other_slope(ActivationKind kind, Real alpha, Real beta, Real gamma, Real x) {
  Real y = x;
  OtherList::visit(kind, [&](auto of_kind) { y = of_kind.slope(x, Parameters<Real>{alpha, beta, gamma}); });
  return y;
}

}  // namespace formula

/// The value of `activation` at `x`, in the type of x.
template <typename Real>
RONDO_HOST_DEVICE Real activate(const Activation& activation, Real x) {
  if (is_basic(activation.kind)) return formula::basic_value(activation.kind, x);
  return formula::other_value(activation.kind, Real(activation.alpha), Real(activation.beta), Real(activation.gamma),
                              x);
}

/// The derivative of `activation` where `kept` is what kept_value returned.
template <typename Real>
RONDO_HOST_DEVICE Real derivative_at_kept(const Activation& activation, Real kept) {
  if (is_basic(activation.kind)) return formula::basic_slope(activation.kind, kept);
  return formula::other_slope(activation.kind, Real(activation.alpha), Real(activation.beta), Real(activation.gamma),
                              kept);
}

/// What a gradient keeps of an activation whose value at `x` is `y`.
template <typename Type, typename Real>
RONDO_HOST_DEVICE Real kept_value(const Type&, const Real&, const Real& y) {
  return y;
}
template <typename Real>
RONDO_HOST_DEVICE Real kept_value(const Activation& activation, const Real& x, const Real& y) {
  return is_basic(activation.kind) ? y : x;
}

/// The value of an activation of which `kept` was kept.
template <typename Type, typename Real>
RONDO_HOST_DEVICE Real value_of_kept(const Type&, const Real& kept) {
  return kept;
}
template <typename Real>
RONDO_HOST_DEVICE Real value_of_kept(const Activation& activation, const Real& kept) {
  return is_basic(activation.kind) ? kept : activate(activation, kept);
}

/// The derivative of an activation whose value at `x` is `y`.
template <typename Type, typename Real>
RONDO_HOST_DEVICE Real derivative_at(const Type& activation, const Real& x, const Real& y) {
  return derivative_at_kept(activation, kept_value(activation, x, y));
}

/// Whether what is kept of `activation` is within -1 and 1.
constexpr bool keeps_bounded(const Activation& activation) {
  return is_basic(activation.kind) && activation.kind != ActivationKind::linear &&
         activation.kind != ActivationKind::relu;
}

}  // namespace rondo
