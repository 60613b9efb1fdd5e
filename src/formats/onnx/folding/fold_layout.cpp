// Operators that change the shape of a value, or the order of its axes.
#include <algorithm>
#include <numeric>

#include "formats/containers/raw_tensor.h"
#include "formats/onnx/folding/fold_call.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Moves the flags of repeated axes as `function` moves the axes.
template <typename Function>
FoldedValue with_axes(const FoldedValue& value, const Function& function, std::vector<bool> repeated) {
  FoldedValue result = map_layout(value, function);
  result.repeated = std::move(repeated);
  return result;
}

std::vector<int> permutation(const FoldCall& call, int rank) {
  std::vector<int> order(static_cast<std::size_t>(rank));
  const OnnxAttributeMessage* const given = call.attribute("perm");
  if (given == nullptr) {
    std::iota(order.rbegin(), order.rend(), 0);
    return order;
  }
  if (std::ssize(given->ints) != rank) throw ValueError("perm", std::to_string(given->ints.size()), "the rank");
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = axis_of(given->ints[k], rank);
  return order;
}

/// The shape that Reshape asks for, without zeros that stand for sizes of the input.
Shape target_shape(const FoldCall& call, const Shape& from, std::vector<std::int64_t> target) {
  const bool keeps_zeros = call.integer("allowzero", 0) != 0;
  for (std::size_t k = 0; k < target.size(); ++k) {
    if (target[k] != 0 || keeps_zeros) continue;
    if (static_cast<int>(k) >= from.rank()) throw ValueError("shape", "0 for axis " + std::to_string(k), "a size");
    target[k] = from[static_cast<int>(k)];
  }
  return Shape(std::span<const std::int64_t>(target));
}

FoldedValue reshaped(const FoldCall& call, const FoldedValue& value, const Shape& shape) {
  return map_layout(value, [&](const Tensor& tensor) { return call.contiguous(tensor).reshape(shape); });
}

}  // namespace

std::vector<FoldedValue> fold_identity(const FoldCall& call) { return {call.known(0)}; }

std::vector<FoldedValue> fold_transpose(const FoldCall& call) {
  const FoldedValue& value = call.known(0);
  if (value.fill) return {value};
  const std::vector<int> order = permutation(call, value.elements->rank());
  std::vector<bool> repeated;
  if (!value.repeated.empty()) {
    for (const int axis : order) repeated.push_back(value.repeated[static_cast<std::size_t>(axis)]);
  }
  return {with_axes(
      value, [&](const Tensor& tensor) { return tensor.transpose(std::span(order)); }, std::move(repeated))};
}

std::vector<FoldedValue> fold_unsqueeze(const FoldCall& call) {
  const FoldedValue& value = call.known(0);
  if (value.fill) return {value};
  const auto axes = call.integers("axes", 1);
  if (!axes) throw ValueError("axes", "none", "a list of axes");
  const int rank = value.elements->rank() + static_cast<int>(std::min<std::size_t>(axes->size(), kMaxRank));
  std::vector<int> places;
  for (const std::int64_t axis : *axes) places.push_back(axis_of(axis, rank));
  std::sort(places.begin(), places.end());
  std::vector<bool> repeated = value.repeated;
  if (!repeated.empty()) {
    for (const int place : places)
      repeated.insert(repeated.begin() + std::min<std::ptrdiff_t>(place, std::ssize(repeated)), false);
  }
  const auto insert = [&](Tensor tensor) {
    for (const int place : places) tensor = tensor.insert_axis(place);
    return tensor;
  };
  return {with_axes(value, insert, std::move(repeated))};
}

std::vector<FoldedValue> fold_squeeze(const FoldCall& call) {
  const FoldedValue& value = call.known(0);
  if (value.fill) return {value};
  const int rank = value.elements->rank();
  std::vector<int> places;
  const auto is_repeated = [&](int axis) {
    return !value.repeated.empty() && value.repeated[static_cast<std::size_t>(axis)];
  };
  if (const auto axes = call.integers("axes", 1)) {
    for (const std::int64_t axis : *axes) places.push_back(axis_of(axis, rank));
    std::sort(places.rbegin(), places.rend());
    places.erase(std::unique(places.begin(), places.end()), places.end());
  } else {
    for (int axis = rank - 1; axis >= 0; --axis) {
      if (value.elements->size(axis) == 1) places.push_back(axis);
    }
  }
  std::vector<bool> repeated = value.repeated;
  for (const int place : places) {
    if (is_repeated(place)) throw Unfoldable{"by an axis whose size depends on the inputs of the graph"};
    if (!repeated.empty()) repeated.erase(repeated.begin() + place);
  }
  const auto erase = [&](Tensor tensor) {
    for (const int place : places) tensor = tensor.erase_axis(place);
    return tensor;
  };
  return {with_axes(value, erase, std::move(repeated))};
}

std::vector<FoldedValue> fold_reshape(const FoldCall& call) {
  const FoldedValue& value = call.known(0);
  if (value.fill) return {value};
  if (!value.repeated.empty()) throw Unfoldable{"by a shape that depends on the inputs of the graph"};
  const OnnxAttributeMessage* const old = call.attribute("shape");  // version 1
  const std::vector<std::int64_t> target = old != nullptr ? old->ints : call.integers(1);
  return {reshaped(call, value, target_shape(call, value.elements->shape(), target))};
}

std::vector<FoldedValue> fold_flatten(const FoldCall& call) {
  const FoldedValue& value = call.known(0);
  if (value.fill) return {value};
  if (!value.repeated.empty()) throw Unfoldable{"by a shape that depends on the inputs of the graph"};
  const Shape& from = value.elements->shape();
  std::int64_t axis = call.integer("axis", 1);
  axis = axis == from.rank() ? axis : axis_of(axis, from.rank());
  Shape to{1, 1};
  for (int k = 0; k < from.rank(); ++k) to[k < axis ? 0 : 1] *= from[k];
  return {reshaped(call, value, to)};
}

std::vector<FoldedValue> fold_expand(const FoldCall& call) {
  const FoldedValue& value = call.known(0);
  if (value.fill || (value.is_tensor() && value.elements->numel() == 1 && call.any(1).is_unknown())) {
    return {fill_of(*value.elements)};
  }
  if (!value.repeated.empty()) throw Unfoldable{"by a shape that depends on the inputs of the graph"};
  const std::vector<FoldedSize> sizes = call.sizes(1);
  const Tensor& elements = *value.elements;
  if (std::ssize(sizes) > kMaxRank) throw ValueError("shape", std::to_string(sizes.size()) + " axes", "fewer");
  const bool all = std::all_of(sizes.begin(), sizes.end(), [](const FoldedSize& size) { return size.has_value(); });
  if (!all && value.is_tensor() && elements.numel() == 1) return {fill_of(elements)};
  Shape shape;
  std::vector<bool> repeated;
  for (const FoldedSize& size : sizes) {
    if (size.value_or(0) < 0) throw ValueError("shape", std::to_string(*size), "sizes from 0");
    shape = shape.insert(shape.rank(), size.value_or(1));
    repeated.push_back(!size);
  }
  const Shape whole = broadcast_shapes(elements.shape(), shape);
  static_cast<void>(byte_count(whole, elements.dtype(), "shape"));  // refuses sizes that overflow
  repeated.insert(repeated.begin(), static_cast<std::size_t>(whole.rank() - shape.rank()), false);
  for (int axis = 0; axis < whole.rank(); ++axis) {
    // An axis of the tensor that is longer than 1 stays as it is, whatever the number in the shape turns out to be.
    const bool stays = whole[axis] != 1;
    if (stays) repeated[static_cast<std::size_t>(axis)] = false;
  }
  FoldedValue result = map_layout(value, [&](const Tensor& tensor) { return tensor.broadcast_to(whole); });
  const bool any = std::find(repeated.begin(), repeated.end(), true) != repeated.end();
  if (any) result.repeated = std::move(repeated);
  return {std::move(result)};
}

}  // namespace rondo
