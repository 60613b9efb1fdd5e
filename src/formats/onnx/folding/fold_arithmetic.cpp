// Operators on the numbers of values.
#include <cstdlib>
#include <limits>

#include "formats/onnx/folding/fold_call.h"
#include "formats/onnx/message/onnx_tensor.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::int64_t kMostIntegers = 65536;

/// An integer of a value, or nothing if only a run tells.
using Integer = FoldedSize;

/// Integers, broadcast to one shape.
class Integers {
 public:
  Integers(const FoldedValue& value, const Shape& shape)
      : numbers_(value.elements->broadcast_to(shape).to(DType::i64).to_vector<std::int64_t>()) {
    if (value.mask) mask_ = value.mask->broadcast_to(shape).to_vector<bool>();
  }
  Integer at(std::size_t k) const { return mask_.empty() || mask_[k] ? Integer(numbers_[k]) : Integer(); }

 private:
  std::vector<std::int64_t> numbers_;
  std::vector<bool> mask_;
};

FoldedValue integers_to_value(const std::vector<Integer>& numbers, const Shape& shape, DType dtype) {
  std::vector<std::int64_t> plain;
  const Tensor mask = Tensor::zeros(shape, DType::boolean);
  bool all = true;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    plain.push_back(numbers[k].value_or(0));
    mask.data<bool>()[k] = numbers[k].has_value();
    all = all && numbers[k].has_value();
  }
  FoldedValue value = value_of(Tensor::from(plain, shape).to(dtype));
  if (!all) value.mask = mask;
  return value;
}

FoldedValue& shaped(const FoldCall& call, std::size_t k) {
  FoldedValue& value = call.known(k);
  if (value.fill || !value.repeated.empty()) {
    throw Unfoldable{"from '" + call.node().inputs[k] + "', whose shape depends on the inputs of the graph"};
  }
  return value;
}

/// The values of two inputs, neither of which is unknown, before any elements are read.
struct Pair {
  FoldedValue* a;
  FoldedValue* b;
  Shape shape;
};

Pair pair_of(const FoldCall& call, std::size_t first) {
  for (const std::size_t k : {first, first + 1}) {
    if (call.any(k).is_unknown()) static_cast<void>(call.known(k));
  }
  FoldedValue& a = shaped(call, first);
  FoldedValue& b = shaped(call, first + 1);
  if (a.elements->dtype() != b.elements->dtype()) {
    throw ValueError("inputs", describe(*a.elements) + " and " + describe(*b.elements), "one dtype");
  }
  return {&a, &b, broadcast_shapes(a.elements->shape(), b.elements->shape())};
}

using IntegerFunction = Integer (*)(std::int64_t a, std::int64_t b);
using TensorFunction = Tensor (*)(const Tensor& a, const Tensor& b);

FoldedValue on_integers(const Pair& pair, IntegerFunction function, DType dtype) {
  if (pair.shape.numel() > kMostIntegers) throw Unfoldable{"from very many integers"};
  const Integers a(*pair.a, pair.shape);
  const Integers b(*pair.b, pair.shape);
  std::vector<Integer> results;
  for (std::size_t k = 0; k < static_cast<std::size_t>(pair.shape.numel()); ++k) {
    const Integer left = a.at(k);
    const Integer right = b.at(k);
    results.push_back(left && right ? function(*left, *right) : Integer());
  }
  return integers_to_value(results, pair.shape, dtype);
}

std::vector<FoldedValue> arithmetic(const FoldCall& call, IntegerFunction integers, TensorFunction floats) {
  const Pair pair = pair_of(call, 0);
  const DType dtype = pair.a->elements->dtype();
  if (!is_floating(dtype)) return {on_integers(pair, integers, dtype)};
  call.budget().charge(pair.shape, dtype);
  return {value_of(floats(*pair.a->elements, *pair.b->elements))};
}

// Wraps around, as ONNX Runtime's integers do.
std::int64_t wrapped(std::uint64_t number) { return static_cast<std::int64_t>(number); }

/// A scale or zero point that broadcasts along `axis` of x.
Tensor along_axis(const Tensor& numbers, const Tensor& x, std::int64_t axis) {
  if (numbers.numel() == 1) return numbers.reshape(Shape());
  if (numbers.rank() != 1) throw Unfoldable{"with scales of blocks"};
  const int place = axis_of(axis, x.rank());
  if (numbers.size(0) != x.size(place)) throw ValueError("x_scale", describe(numbers), "one for each of the axis");
  Shape shape{numbers.size(0)};
  for (int k = place + 1; k < x.rank(); ++k) shape = shape.insert(shape.rank(), 1);
  return numbers.contiguous().reshape(shape);
}

}  // namespace

std::vector<FoldedValue> fold_add(const FoldCall& call) {
  return arithmetic(
      call, [](std::int64_t a, std::int64_t b) -> Integer { return wrapped(std::uint64_t(a) + std::uint64_t(b)); },
      [](const Tensor& a, const Tensor& b) { return add(a, b); });
}

std::vector<FoldedValue> fold_sub(const FoldCall& call) {
  return arithmetic(
      call, [](std::int64_t a, std::int64_t b) -> Integer { return wrapped(std::uint64_t(a) - std::uint64_t(b)); },
      [](const Tensor& a, const Tensor& b) { return sub(a, b); });
}

std::vector<FoldedValue> fold_mul(const FoldCall& call) {
  return arithmetic(
      call, [](std::int64_t a, std::int64_t b) -> Integer { return wrapped(std::uint64_t(a) * std::uint64_t(b)); },
      [](const Tensor& a, const Tensor& b) { return mul(a, b); });
}

std::vector<FoldedValue> fold_div(const FoldCall& call) {
  const auto divide = [](std::int64_t a, std::int64_t b) -> Integer {
    if (b == 0 || (b == -1 && a == std::numeric_limits<std::int64_t>::min())) return std::nullopt;
    return a / b;
  };
  return arithmetic(call, divide, [](const Tensor& a, const Tensor& b) { return div(a, b); });
}

std::vector<FoldedValue> fold_equal(const FoldCall& call) {
  const Pair pair = pair_of(call, 0);
  if (is_floating(pair.a->elements->dtype())) throw Unfoldable{"from floats"};
  return {on_integers(
      pair, [](std::int64_t a, std::int64_t b) -> Integer { return a == b ? 1 : 0; }, DType::boolean)};
}

std::vector<FoldedValue> fold_where(const FoldCall& call) {
  const FoldedValue& condition = shaped(call, 0);
  const Pair pair = pair_of(call, 1);
  const Shape shape = broadcast_shapes(condition.elements->shape(), pair.shape);
  const DType dtype = pair.a->elements->dtype();
  if (is_floating(dtype) || shape.numel() > kMostIntegers) throw Unfoldable{"from other numbers than a few integers"};
  const Integers chosen(condition, shape);
  const Integers a(*pair.a, shape);
  const Integers b(*pair.b, shape);
  std::vector<Integer> results;
  for (std::size_t k = 0; k < static_cast<std::size_t>(shape.numel()); ++k) {
    const Integer which = chosen.at(k);
    results.push_back(which ? (*which != 0 ? a.at(k) : b.at(k)) : Integer());
  }
  return {integers_to_value(results, shape, dtype)};
}

std::vector<FoldedValue> fold_abs(const FoldCall& call) {
  FoldedValue& value = shaped(call, 0);
  if (is_floating(value.elements->dtype())) throw Unfoldable{"from floats"};
  return {on_integers(
      {&value, &value, value.elements->shape()},
      [](std::int64_t a, std::int64_t) -> Integer { return a < 0 ? wrapped(-std::uint64_t(a)) : a; },
      value.elements->dtype())};
}

std::vector<FoldedValue> fold_cast(const FoldCall& call) {
  const DType dtype = onnx_dtype(call.integer("to", 0), "attribute 'to'");
  FoldedValue result = call.known(0);
  if (!result.fill) call.budget().charge(result.elements->shape(), dtype);
  result.elements = result.elements->to(dtype);
  return {std::move(result)};
}

std::vector<FoldedValue> fold_dequantize(const FoldCall& call) {
  if (call.integer("block_size", 0) != 0) throw Unfoldable{"with scales of blocks"};
  for (std::size_t k = 0; k < call.count(); ++k) {
    if (call.has(k) && call.any(k).is_unknown()) static_cast<void>(call.known(k));
  }
  const Tensor& x = call.tensor(0);
  const Tensor& scale = call.tensor(1);
  const std::int64_t axis = call.integer("axis", 1);
  const DType dtype = scale.dtype();
  if (!is_floating(dtype)) throw ValueError("x_scale", describe(scale), "floats");
  call.budget().charge(x.shape(), DType::f64);
  Tensor numbers = x.to(DType::f32);
  if (call.has(2)) numbers = sub(numbers, along_axis(call.tensor(2), x, axis).to(DType::f32));
  return {value_of(mul(numbers, along_axis(scale, x, axis).to(DType::f32)).to(dtype))};
}

}  // namespace rondo
