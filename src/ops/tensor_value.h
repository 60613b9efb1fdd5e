/// Tensors in the place of numbers, so that a formula written for one unit runs over whole tensors.
#pragma once

#include <utility>

#include "ops/activation_slope.h"
#include "rondo/ops/ops.h"

namespace rondo {

/// A tensor, or a number that no tensor has met yet. Operators are the elementwise ops: each rounds its result to the
/// tensors' dtype. Adding the number 0 gives the other operand itself.
class TensorValue {
 public:
  TensorValue(double number = 0) : number_(number) {}
  TensorValue(Tensor tensor) : tensor_(std::move(tensor)) {}

  /// Not defined for a number.
  const Tensor& tensor() const { return tensor_; }

  friend TensorValue operator+(const TensorValue& a, const TensorValue& b) {
    if (a.is_number()) return b.plus(a.number_);
    return b.is_number() ? a.plus(b.number_) : TensorValue(add(a.tensor_, b.tensor_));
  }
  friend TensorValue operator-(const TensorValue& a, const TensorValue& b) {
    if (b.is_number()) return a.plus(-b.number_);
    return a.is_number() ? TensorValue(neg(b.tensor_)).plus(a.number_) : TensorValue(sub(a.tensor_, b.tensor_));
  }
  friend TensorValue operator*(const TensorValue& a, const TensorValue& b) {
    if (a.is_number()) return b.times(a.number_);
    return b.is_number() ? a.times(b.number_) : TensorValue(mul(a.tensor_, b.tensor_));
  }

 private:
  bool is_number() const { return !tensor_.defined(); }
  TensorValue plus(double number) const {
    if (is_number()) return number_ + number;
    return number == 0 ? *this : TensorValue(add(tensor_, number));
  }
  TensorValue times(double number) const {
    return is_number() ? TensorValue(number_ * number) : TensorValue(mul(tensor_, number));
  }

  Tensor tensor_;
  double number_ = 0;
};

/// `x` is a tensor. Hidden, because the shared library exports the public functions of this name.
[[gnu::visibility("hidden")]] inline TensorValue activate(const Activation& activation, const TensorValue& x) {
  return activate(activation, x.tensor());
}

/// The derivative of `activation` of which `kept`, a tensor, was kept.
inline TensorValue derivative_at_kept(const Activation& activation, const TensorValue& kept) {
  if (activation == Activation::linear) return 1.0;
  return activation_slope(activation, kept.tensor());
}

}  // namespace rondo
