// Operators that take parts of values, or join them.
#include <algorithm>
#include <limits>

#include "formats/onnx/folding/fold_call.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::size_t kMostParts = 65536;

/// The shape of an input of `call` has a number of elements that only a run tells, as that of a tensor of unknown rank.
bool is_list_of_unknown_length(const FoldedValue& value) { return value.is_unknown() && value.rank == 1; }

/// One integer that only a run tells: a number, or a list of one.
FoldedValue unknown_integer(bool is_list) {
  const Shape shape = is_list ? Shape{1} : Shape{};
  FoldedValue result = value_of(Tensor::zeros(shape, DType::i64));
  result.mask = Tensor::zeros(shape, DType::boolean);
  return result;
}

void refuse_repeated(const FoldedValue& value, int axis) {
  if (value.repeated.empty() || !value.repeated[static_cast<std::size_t>(axis)]) return;
  throw Unfoldable{"by an axis whose size depends on the inputs of the graph"};
}

struct Cut {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t step = 1;
};

/// Brings the ends of ONNX, which may be beyond the axis, to those of Tensor::slice.
Cut within(Cut cut, std::int64_t size) {
  if (cut.step == 0) throw ValueError("steps", "0", "another number");
  const std::int64_t longest = std::max<std::int64_t>(size, 1);  // a longer step leaves the axis as well
  cut.step = std::clamp(cut.step, -longest, longest);
  const bool forward = cut.step > 0;
  const auto from_end = [size](std::int64_t place) { return place < 0 ? place + size : place; };
  cut.begin = std::clamp<std::int64_t>(from_end(cut.begin), 0, forward ? size : std::max<std::int64_t>(size - 1, 0));
  // INT64_MIN means "down to the first element", and is beyond the axis even after the size is added.
  cut.end = std::clamp<std::int64_t>(from_end(cut.end), forward ? 0 : -1, size);
  if (forward) cut.end = std::max(cut.begin, cut.end);
  if (!forward) cut.end = std::min(cut.begin, cut.end);
  return cut;
}

Tensor joined(const FoldCall& call, const std::vector<Tensor>& parts, int axis) {
  Shape shape = parts[0].shape();
  for (std::size_t k = 1; k < parts.size(); ++k) {
    if (parts[k].rank() != shape.rank()) throw ValueError("inputs", describe(parts[k]), describe(parts[0]));
    if (__builtin_add_overflow(shape[axis], parts[k].size(axis), &shape[axis])) throw Unfoldable{"without an end"};
  }
  call.budget().charge(shape, parts[0].dtype());
  return concat(parts, axis);
}

Tensor mask_of(const FoldedValue& value) {
  return value.mask ? *value.mask : Tensor::full({}, 1, DType::boolean).broadcast_to(value.elements->shape());
}

}  // namespace

std::vector<FoldedValue> fold_slice(const FoldCall& call) {
  const auto starts = call.integers("starts", 1);
  const auto ends = call.integers("ends", 2);
  const auto axes = call.integers("axes", 3);
  const auto steps = call.integers("steps", 4);
  if (!starts || !ends || starts->size() != ends->size() || (axes && axes->size() != starts->size()) ||
      (steps && steps->size() != starts->size())) {
    throw ValueError("starts and ends", "lists of different lengths", "one number of each for each axis");
  }
  if (is_list_of_unknown_length(call.any(0)) && starts->size() == 1 && (*ends)[0] != 0 &&
      (*starts)[0] != std::numeric_limits<std::int64_t>::max() && (*starts)[0] + 1 == (*ends)[0]) {
    return {unknown_integer(true)};
  }
  const FoldedValue& value = call.known(0);
  if (value.fill) return {value};
  const int rank = value.elements->rank();
  if (std::ssize(*starts) > rank) throw ValueError("starts", std::to_string(starts->size()), "at most the rank");
  const auto cut_all = [&](Tensor tensor) {
    for (std::size_t k = 0; k < starts->size(); ++k) {
      const int axis = axis_of(axes ? (*axes)[k] : static_cast<std::int64_t>(k), rank);
      refuse_repeated(value, axis);
      const Cut cut = within({(*starts)[k], (*ends)[k], steps ? (*steps)[k] : 1}, tensor.size(axis));
      tensor = tensor.slice(axis, cut.begin, cut.end, cut.step);
    }
    return tensor;
  };
  FoldedValue result = map_layout(value, cut_all);
  result.repeated = value.repeated;
  return {std::move(result)};
}

std::vector<FoldedValue> fold_concat(const FoldCall& call) {
  if (call.count() == 0) throw ValueError("inputs", "none", "at least one");
  for (std::size_t k = 0; k < call.count(); ++k) {
    if (call.any(k).is_unknown()) static_cast<void>(call.known(k));
  }
  bool any_mask = false;
  std::vector<Tensor> parts;
  for (std::size_t k = 0; k < call.count(); ++k) {
    const FoldedValue& value = call.known(k);
    const FoldedValue& first = call.known(0);
    if (value.fill != first.fill) throw Unfoldable{"from parts of which some depend on the inputs of the graph"};
    if (!value.repeated.empty()) throw Unfoldable{"from parts whose sizes depend on the inputs of the graph"};
    if (value.fill &&
        (value.elements->dtype() != first.elements->dtype() || value.elements->item() != first.elements->item())) {
      throw Unfoldable{"from different numbers"};
    }
    any_mask = any_mask || value.mask.has_value();
    parts.push_back(*value.elements);
  }
  if (call.known(0).fill) return {call.known(0)};
  const int axis = axis_of(call.integer("axis", 1), parts[0].rank());
  FoldedValue result = value_of(joined(call, parts, axis));
  if (!any_mask) return {std::move(result)};
  std::vector<Tensor> masks;
  for (std::size_t k = 0; k < call.count(); ++k) masks.push_back(mask_of(call.known(k)));
  result.mask = joined(call, masks, axis);
  return {std::move(result)};
}

std::vector<FoldedValue> fold_gather(const FoldCall& call) {
  const std::vector<std::int64_t> indices = call.integers(1);
  const int index_rank = call.known(1).elements->rank();
  if (is_list_of_unknown_length(call.any(0)) && indices.size() == 1) return {unknown_integer(index_rank == 1)};
  const FoldedValue& value = call.known(0);
  if (value.fill) return {value};
  const int axis = axis_of(call.integer("axis", 0), value.elements->rank());
  refuse_repeated(value, axis);
  if (!value.repeated.empty() && index_rank == 0) throw Unfoldable{"from a value whose shape depends on the inputs"};
  const std::int64_t size = value.elements->size(axis);
  const auto gather = [&](const Tensor& tensor) {
    std::vector<Tensor> parts;
    for (std::int64_t index : indices) {
      if (index < -size || index >= size) {
        throw ValueError("indices", std::to_string(index), "an index below " + std::to_string(size));
      }
      index = index < 0 ? index + size : index;
      if (index_rank == 0) return tensor.select(axis, index);
      parts.push_back(tensor.slice(axis, index, index + 1));
    }
    if (parts.empty()) return tensor.slice(axis, 0, 0);
    return joined(call, parts, axis);
  };
  FoldedValue result = map_layout(value, gather);
  result.repeated = value.repeated;
  return {std::move(result)};
}

std::vector<FoldedValue> fold_split(const FoldCall& call) {
  const FoldedValue& value = call.known(0);
  const std::size_t outputs = call.node().outputs.size();
  if (value.fill) return std::vector<FoldedValue>(outputs, value);
  if (outputs == 0 || outputs > kMostParts) throw ValueError("outputs", std::to_string(outputs), "at least one");
  const int axis = axis_of(call.integer("axis", 0), value.elements->rank());
  refuse_repeated(value, axis);
  const std::int64_t size = value.elements->size(axis);
  std::vector<std::int64_t> sizes(outputs, 0);
  if (const auto given = call.integers("split", 1)) {
    sizes = *given;
  } else {
    // Equal parts, and what is left in the last one.
    const auto count = static_cast<std::int64_t>(outputs);
    const std::int64_t each = size / count + (size % count == 0 ? 0 : 1);
    for (std::int64_t k = 0; k < count; ++k) {
      sizes[static_cast<std::size_t>(k)] = std::clamp<std::int64_t>(size - k * each, 0, each);
    }
  }
  if (sizes.size() != outputs) throw ValueError("split", std::to_string(sizes.size()), std::to_string(outputs));
  std::vector<FoldedValue> results;
  std::int64_t begin = 0;
  for (const std::int64_t part : sizes) {
    if (part < 0 || part > size - begin) throw ValueError("split", std::to_string(part), "parts of the axis");
    results.push_back(map_layout(value, [&](const Tensor& tensor) { return tensor.slice(axis, begin, begin + part); }));
    results.back().repeated = value.repeated;
    begin += part;
  }
  if (begin != size) throw ValueError("split", std::to_string(begin) + " in all", std::to_string(size));
  return results;
}

}  // namespace rondo
