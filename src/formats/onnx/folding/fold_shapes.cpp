// Operators that make values, and the one that gives the shape of a value.
#include <algorithm>

#include "formats/containers/raw_tensor.h"
#include "formats/onnx/folding/fold_call.h"
#include "formats/onnx/message/onnx_tensor.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

FoldedValue loaded_later(const OnnxTensorMessage& message) {
  FoldedValue value;
  value.load = [&message] { return onnx_tensor(message, "the value of a Constant"); };
  return value;
}

/// Sizes as a list of integers with a mask.
FoldedValue list_of(const std::vector<FoldedSize>& sizes) {
  const auto count = static_cast<std::int64_t>(sizes.size());
  std::vector<std::int64_t> numbers;
  const Tensor mask = Tensor::zeros({count}, DType::boolean);
  bool all = true;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    numbers.push_back(sizes[k].value_or(0));
    mask.data<bool>()[k] = sizes[k].has_value();
    all = all && sizes[k].has_value();
  }
  FoldedValue value = value_of(Tensor::from(numbers, {count}));
  if (!all) value.mask = mask;
  return value;
}

/// The shape of a value of which no more is known than the rank, if that.
std::vector<FoldedSize> sizes_of(const FoldedValue& value) {
  if (value.assumed) return {value.assumed->begin(), value.assumed->end()};
  if (value.is_unknown() || value.fill) {
    if (value.rank) return std::vector<FoldedSize>(static_cast<std::size_t>(*value.rank));
    throw Unfoldable{"from a value of unknown rank"};
  }
  std::vector<FoldedSize> sizes;
  for (int axis = 0; axis < value.elements->rank(); ++axis) {
    const bool repeated = !value.repeated.empty() && value.repeated[static_cast<std::size_t>(axis)];
    sizes.push_back(repeated ? FoldedSize() : FoldedSize(value.elements->size(axis)));
  }
  return sizes;
}

}  // namespace

std::vector<FoldedValue> fold_constant(const FoldCall& call) {
  if (const OnnxAttributeMessage* const tensor = call.attribute("value"); tensor != nullptr && tensor->t) {
    return {loaded_later(*tensor->t)};
  }
  const auto size = [](const auto& list) { return Shape{static_cast<std::int64_t>(list.size())}; };
  if (const auto* const found = call.attribute("value_float"); found != nullptr && found->f) {
    return {value_of(Tensor::from({*found->f}, Shape()))};
  }
  if (const auto* const found = call.attribute("value_int"); found != nullptr && found->i) {
    return {value_of(Tensor::from({*found->i}, Shape()))};
  }
  if (const auto* const found = call.attribute("value_floats")) {
    return {value_of(Tensor::from(found->floats, size(found->floats)))};
  }
  if (const auto* const found = call.attribute("value_ints")) {
    return {value_of(Tensor::from(found->ints, size(found->ints)))};
  }
  throw Unfoldable{"of another kind than numbers"};
}

std::vector<FoldedValue> fold_constant_of_shape(const FoldCall& call) {
  Tensor number = Tensor::zeros({1}, DType::f32);
  if (const OnnxAttributeMessage* const given = call.attribute("value"); given != nullptr && given->t) {
    number = onnx_tensor(*given->t, "the value of ConstantOfShape");
    if (number.numel() != 1) throw ValueError("value", describe(number), "one element");
  }
  if (call.any(0).is_unknown()) return {fill_of(number)};
  Shape shape;
  const std::vector<FoldedSize> sizes = call.sizes(0);
  if (std::ssize(sizes) > kMaxRank) throw ValueError("shape", std::to_string(sizes.size()) + " axes", "fewer");
  for (const FoldedSize& size : sizes) {
    if (!size) return {fill_of(number)};
    if (*size < 0) throw ValueError("shape", std::to_string(*size), "sizes from 0");
    shape = shape.insert(shape.rank(), *size);
  }
  static_cast<void>(byte_count(shape, number.dtype(), "shape"));  // refuses sizes that overflow
  return {value_of(number.reshape(Shape()).broadcast_to(shape))};
}

std::vector<FoldedValue> fold_shape(const FoldCall& call) {
  FoldedValue& value = call.any(0);
  if (!value.is_unknown()) static_cast<void>(call.known(0));
  const std::vector<FoldedSize> sizes = sizes_of(value);
  const auto count = static_cast<std::int64_t>(sizes.size());
  const auto place = [&](const char* name, std::int64_t fallback) {
    const std::int64_t given = call.integer(name, fallback);
    return std::clamp<std::int64_t>(given < 0 ? given + count : given, 0, count);
  };
  const std::int64_t begin = place("start", 0);
  const std::int64_t end = std::max(begin, place("end", count));
  return {list_of({sizes.begin() + begin, sizes.begin() + end})};
}

}  // namespace rondo
