#include "models/model_tensor.h"

#include <algorithm>

namespace rondo {

bool sizes_agree(std::int64_t a, std::int64_t b) { return a == b || a == kUnknownSize || b == kUnknownSize; }

bool shapes_agree(const Shape& a, const Shape& b) {
  return a.rank() == b.rank() && std::equal(a.begin(), a.end(), b.begin(), sizes_agree);
}

std::int64_t known_numel(const Shape& shape) {
  if (std::find(shape.begin(), shape.end(), kUnknownSize) != shape.end()) return kUnknownSize;
  return shape.numel();
}

std::string note_text(const TensorNote& note) {
  std::string text = to_string(note.dtype) + "(";
  for (int axis = 0; axis < note.shape.rank(); ++axis) {
    if (axis > 0) text += ", ";
    text += note.shape[axis] == kUnknownSize ? "None" : std::to_string(note.shape[axis]);
  }
  return text + (note.shape.rank() == 1 ? ",)" : ")");
}

}  // namespace rondo
