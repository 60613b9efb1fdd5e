/// What an operator that is folded sees: its node, and what is known of its inputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/onnx/folding/folded_value.h"
#include "formats/onnx/message/onnx_message.h"

namespace rondo {

/// Thrown where a value cannot be known before the graph runs; `text` is the end of "which NODE computes ...".
struct Unfoldable {
  std::string text;
};

/// Bounds the memory that folding takes, by what the model really has: a file of a few bytes can ask for any size.
class FoldBudget {
 public:
  /// Tells of elements that were read from the model.
  void add_read(std::uint64_t bytes) { limit_ += kFactor * bytes; }
  /// Throws Unfoldable if a result of this shape goes beyond the limit. Call it before memory is taken.
  void charge(const Shape& shape, DType dtype);

 private:
  static constexpr std::uint64_t kFactor = 16;
  std::uint64_t limit_ = std::uint64_t{64} << 20;
  std::uint64_t used_ = 0;
};

/// One node. Members throw Unfoldable for what is not known, and `ValueError` for what the operator forbids.
class FoldCall {
 public:
  FoldCall(const OnnxNodeMessage& node, std::int64_t opset, std::vector<FoldedValue*> inputs, FoldBudget& budget)
      : node_(node), opset_(opset), inputs_(std::move(inputs)), budget_(budget) {}

  const OnnxNodeMessage& node() const { return node_; }
  std::int64_t opset() const { return opset_; }
  std::size_t count() const { return inputs_.size(); }
  FoldBudget& budget() const { return budget_; }

  bool has(std::size_t k) const { return k < inputs_.size() && inputs_[k] != nullptr; }
  /// An input that must be there; it may be unknown.
  FoldedValue& any(std::size_t k) const;
  /// An input that is not unknown, with its elements read.
  FoldedValue& known(std::size_t k) const;
  /// The elements of an input that are all known.
  const Tensor& tensor(std::size_t k) const;
  /// A known vector or number of integers.
  std::vector<std::int64_t> integers(std::size_t k) const;
  /// The elements of a shape, some of which may be unknown.
  std::vector<FoldedSize> sizes(std::size_t k) const;

  const OnnxAttributeMessage* attribute(const std::string& name) const;
  std::int64_t integer(const std::string& name, std::int64_t fallback) const;
  /// Integers from an attribute in older versions of the operator, or from input `k`; no value if neither is there.
  std::optional<std::vector<std::int64_t>> integers(const std::string& name, std::size_t k) const;

  Tensor contiguous(const Tensor& tensor) const;

 private:
  const OnnxNodeMessage& node_;
  std::int64_t opset_;
  std::vector<FoldedValue*> inputs_;
  FoldBudget& budget_;
};

/// Throws Unfoldable for a value that is unknown, else reads its elements.
void read_elements(FoldedValue& value, const std::string& name, FoldBudget& budget);

/// An axis that may be counted from the end. Throws `ValueError`.
int axis_of(std::int64_t axis, int rank);

/// Applies a function of the layout to the elements and the mask of a tensor, with or without a mask.
template <typename Function>
FoldedValue map_layout(const FoldedValue& value, const Function& function) {
  FoldedValue result = value_of(function(*value.elements));
  if (value.mask) result.mask = function(*value.mask);
  return result;
}

using FoldFunction = std::vector<FoldedValue> (*)(const FoldCall& call);

/// The function that folds an operator of the standard domain; null if there is none.
FoldFunction fold_function(const std::string& op_type);

// fold_layout.cpp
std::vector<FoldedValue> fold_identity(const FoldCall& call);
std::vector<FoldedValue> fold_transpose(const FoldCall& call);
std::vector<FoldedValue> fold_unsqueeze(const FoldCall& call);
std::vector<FoldedValue> fold_squeeze(const FoldCall& call);
std::vector<FoldedValue> fold_reshape(const FoldCall& call);
std::vector<FoldedValue> fold_flatten(const FoldCall& call);
std::vector<FoldedValue> fold_expand(const FoldCall& call);

// fold_parts.cpp
std::vector<FoldedValue> fold_slice(const FoldCall& call);
std::vector<FoldedValue> fold_concat(const FoldCall& call);
std::vector<FoldedValue> fold_gather(const FoldCall& call);
std::vector<FoldedValue> fold_split(const FoldCall& call);

// fold_shapes.cpp
std::vector<FoldedValue> fold_constant(const FoldCall& call);
std::vector<FoldedValue> fold_constant_of_shape(const FoldCall& call);
std::vector<FoldedValue> fold_shape(const FoldCall& call);

// fold_arithmetic.cpp
std::vector<FoldedValue> fold_add(const FoldCall& call);
std::vector<FoldedValue> fold_sub(const FoldCall& call);
std::vector<FoldedValue> fold_mul(const FoldCall& call);
std::vector<FoldedValue> fold_div(const FoldCall& call);
std::vector<FoldedValue> fold_equal(const FoldCall& call);
std::vector<FoldedValue> fold_where(const FoldCall& call);
std::vector<FoldedValue> fold_abs(const FoldCall& call);
std::vector<FoldedValue> fold_cast(const FoldCall& call);
std::vector<FoldedValue> fold_dequantize(const FoldCall& call);

}  // namespace rondo
