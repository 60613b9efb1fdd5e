/// Tensors in the place of numbers, so that a formula written for one unit runs over whole tensors.
#pragma once

#include <utility>

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
[[gnu::visibility("hidden")]] inline TensorValue activate(Activation activation, const TensorValue& x) {
  return activate(activation, x.tensor());
}

/// 1 where x is not zero, else 0. `x` is a tensor.
inline TensorValue is_not_zero(const TensorValue& x) { return x.tensor().to(DType::boolean).to(x.tensor().dtype()); }

/// The derivative of `activation` where its value is `y`, a tensor. A hard sigmoid is between 0 and 1 where y (1 - y)
/// is not zero.
inline TensorValue derivative_at_value(Activation activation, const TensorValue& y) {
  switch (activation) {
    case Activation::tanh: return 1.0 - y * y;
    case Activation::sigmoid: return y * (1.0 - y);
    case Activation::hard_sigmoid: return is_not_zero(y * (1.0 - y)) * 0.2;
    case Activation::hard_sigmoid_keras3: return is_not_zero(y * (1.0 - y)) * (1.0 / 6);
    case Activation::relu: return is_not_zero(y);
    case Activation::linear: break;
  }
  return 1.0;
}

}  // namespace rondo
