// Tensors as text.

#include <cstdio>

#include "rondo/tensor/tensor.h"

namespace rondo {
namespace {

constexpr std::int64_t kLongAxis = 10;  // longer axes are shortened
constexpr std::int64_t kShownEnds = 4;  // elements at either end of a shortened axis

std::string element_text(const Tensor& scalar) {
  if (scalar.dtype() == DType::boolean) return scalar.item() != 0.0 ? "true" : "false";
  if (!is_floating(scalar.dtype())) return std::to_string(scalar.to(DType::i64).data<std::int64_t>()[0]);
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", scalar.item());
  return text;
}

void append(std::string& text, const Tensor& tensor, int depth) {
  if (tensor.rank() == 0) {
    text += element_text(tensor);
    return;
  }
  const std::string separator =
      tensor.rank() == 1 ? ", " : ",\n" + std::string(static_cast<std::size_t>(depth + 1), ' ');
  text += '[';
  for (std::int64_t index = 0; index < tensor.size(0); ++index) {
    if (index > 0) text += separator;
    if (tensor.size(0) > kLongAxis && index == kShownEnds) {
      text += "..." + separator;
      index = tensor.size(0) - kShownEnds;
    }
    append(text, tensor.select(0, index), depth + 1);
  }
  text += ']';
}

}  // namespace

std::string describe(const Tensor& tensor) {
  if (!tensor.defined()) return "an empty tensor";
  return to_string(tensor.dtype()) + to_string(tensor.shape()) + " on " + to_string(tensor.device());
}

std::string to_string(const Tensor& tensor) {
  std::string text = describe(tensor);
  if (!tensor.defined()) return text;
  text += ' ';
  append(text, tensor.to(cpu()), 0);
  return text;
}

}  // namespace rondo
