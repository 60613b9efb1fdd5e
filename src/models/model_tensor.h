/// What flows between the layers of a model: tensors with their masks, and what is known of them before they are there.
#pragma once

#include <optional>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// A size that a file leaves open, such as the batch.
inline constexpr std::int64_t kUnknownSize = -1;

/// What is known of a tensor before a model runs. Whether it carries a mask never depends on the inputs of a run.
struct TensorNote {
  Shape shape;  ///< the batch first; an open size is kUnknownSize
  DType dtype = DType::f32;
  std::optional<Shape> mask = std::nullopt;  ///< the shape of the mask that it carries, if any
};

/// A tensor and the mask that it carries, Keras's `_keras_mask`: booleans, true where an element counts. An undefined
/// mask stands for none.
struct MaskedTensor {
  Tensor value;
  Tensor mask = {};
};

/// Whether the sizes are equal as far as both are known.
bool sizes_agree(std::int64_t a, std::int64_t b);
bool shapes_agree(const Shape& a, const Shape& b);

/// The product of all sizes; kUnknownSize if one is. Throws `ValueError` if it overflows.
std::int64_t known_numel(const Shape& shape);

/// As Keras prints it: "f32(None, 7, 4)".
std::string note_text(const TensorNote& note);

}  // namespace rondo
