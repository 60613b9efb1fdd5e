#include "formats/onnx/folding/fold_call.h"

#include <algorithm>
#include <array>

#include "formats/containers/raw_tensor.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// More elements than any shape has.
constexpr std::int64_t kMostIntegers = 4096;

struct TableRow {
  const char* op_type;
  FoldFunction function;
};

constexpr std::array kTable{TableRow{"Identity", fold_identity},
                            TableRow{"Transpose", fold_transpose},
                            TableRow{"Unsqueeze", fold_unsqueeze},
                            TableRow{"Squeeze", fold_squeeze},
                            TableRow{"Reshape", fold_reshape},
                            TableRow{"Flatten", fold_flatten},
                            TableRow{"Expand", fold_expand},
                            TableRow{"Slice", fold_slice},
                            TableRow{"Concat", fold_concat},
                            TableRow{"Gather", fold_gather},
                            TableRow{"Split", fold_split},
                            TableRow{"Constant", fold_constant},
                            TableRow{"ConstantOfShape", fold_constant_of_shape},
                            TableRow{"Shape", fold_shape},
                            TableRow{"Add", fold_add},
                            TableRow{"Sub", fold_sub},
                            TableRow{"Mul", fold_mul},
                            TableRow{"Div", fold_div},
                            TableRow{"Equal", fold_equal},
                            TableRow{"Where", fold_where},
                            TableRow{"Abs", fold_abs},
                            TableRow{"Cast", fold_cast},
                            TableRow{"DequantizeLinear", fold_dequantize}};

}  // namespace

FoldFunction fold_function(const std::string& op_type) {
  const auto row =
      std::find_if(kTable.begin(), kTable.end(), [&](const TableRow& each) { return op_type == each.op_type; });
  return row == kTable.end() ? nullptr : row->function;
}

void FoldBudget::charge(const Shape& shape, DType dtype) {
  const std::uint64_t bytes = byte_count(shape, dtype, "a constant");
  if (bytes > limit_ - used_) {
    throw Unfoldable{"as " + to_string(dtype) + to_string(shape) + ", far more than the model has data"};
  }
  used_ += bytes;
}

void read_elements(FoldedValue& value, const std::string& name, FoldBudget& budget) {
  if (value.is_unknown()) throw Unfoldable{"from '" + name + "', which " + value.reason};
  if (value.elements) return;
  value.elements = value.load();
  budget.add_read(static_cast<std::uint64_t>(value.elements->numel()) * size_of(value.elements->dtype()));
}

FoldedValue& FoldCall::any(std::size_t k) const {
  if (!has(k)) throw ValueError("inputs", std::to_string(count()), "at least " + std::to_string(k + 1));
  return *inputs_[k];
}

FoldedValue& FoldCall::known(std::size_t k) const {
  FoldedValue& value = any(k);
  read_elements(value, node_.inputs[k], budget_);
  return value;
}

const Tensor& FoldCall::tensor(std::size_t k) const {
  const FoldedValue& value = known(k);
  if (!value.is_tensor()) throw Unfoldable{"from '" + node_.inputs[k] + "', which depends on the inputs of the graph"};
  return *value.elements;
}

std::vector<FoldedSize> FoldCall::sizes(std::size_t k) const {
  const FoldedValue& value = known(k);
  const Tensor& elements = *value.elements;
  if (value.fill || !value.repeated.empty() || elements.rank() > 1 || elements.numel() > kMostIntegers ||
      (elements.dtype() != DType::i64 && elements.dtype() != DType::i32)) {
    throw Unfoldable{"from '" + node_.inputs[k] + "', which is no list of integers"};
  }
  const auto numbers = elements.to(DType::i64).to_vector<std::int64_t>();
  std::vector<FoldedSize> result(numbers.begin(), numbers.end());
  if (!value.mask) return result;
  const std::vector<bool> are_known = value.mask->to_vector<bool>();
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (!are_known[i]) result[i] = std::nullopt;
  }
  return result;
}

std::vector<std::int64_t> FoldCall::integers(std::size_t k) const {
  std::vector<std::int64_t> result;
  for (const FoldedSize& size : sizes(k)) {
    if (!size) throw Unfoldable{"from '" + node_.inputs[k] + "', which depends on the inputs of the graph"};
    result.push_back(*size);
  }
  return result;
}

const OnnxAttributeMessage* FoldCall::attribute(const std::string& name) const {
  const auto& all = node_.attributes;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& entry) { return entry.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::int64_t FoldCall::integer(const std::string& name, std::int64_t fallback) const {
  const OnnxAttributeMessage* const found = attribute(name);
  if (found == nullptr) return fallback;
  if (!found->i) throw ValueError("attribute '" + name + "'", "another type", "an integer");
  return *found->i;
}

std::optional<std::vector<std::int64_t>> FoldCall::integers(const std::string& name, std::size_t k) const {
  if (const OnnxAttributeMessage* const found = attribute(name)) return found->ints;
  if (has(k)) return integers(k);
  return std::nullopt;
}

Tensor FoldCall::contiguous(const Tensor& tensor) const {
  if (tensor.is_contiguous()) return tensor;
  budget_.charge(tensor.shape(), tensor.dtype());
  return tensor.contiguous();
}

int axis_of(std::int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) {
    throw ValueError("axis", std::to_string(axis), "an axis of " + std::to_string(rank));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace rondo
