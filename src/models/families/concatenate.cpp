// Concatenate.

#include <limits>

#include "models/families/joined_inputs.h"
#include "models/families/mask_logic.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

Shape joined_shape(const CallSite& site, std::span<const int> places, int axis) {
  Shape shape = site.tensors()[static_cast<std::size_t>(places[0])].shape;
  for (const int place : places.subspan(1)) {
    const TensorNote& next = site.tensors()[static_cast<std::size_t>(place)];
    const bool open =
        shape[axis] == kUnknownSize || next.shape.rank() != shape.rank() || next.shape[axis] == kUnknownSize;
    const std::int64_t joined = open ? kUnknownSize : shape[axis] + next.shape[axis];
    shape[axis] = kUnknownSize;
    if (!shapes_agree(shape, next.shape)) {
      site.refuse("inputs", note_text(next), "the sizes of the others but on axis " + std::to_string(axis));
    }
    for (int k = 0; k < shape.rank(); ++k) {
      if (shape[k] == kUnknownSize) shape[k] = next.shape[k];
    }
    shape[axis] = joined;
  }
  return shape;
}

/// How the masks of a call are joined: each becomes a column beside the features of its input, and an input without a
/// mask has a column of true.
struct MaskJoin {
  std::vector<MaskRoute> masks = {};  ///< of each input; empty if the result has no mask
  int axis = 0;
  bool all = false;  ///< whether all parts must have an element, as in Keras 2, or any

  Tensor of(std::span<const MaskedTensor> tensors, std::span<const int> places) const {
    if (masks.empty()) return {};
    std::vector<Tensor> columns;
    for (std::size_t k = 0; k < masks.size(); ++k) {
      const Tensor& value = tensors[static_cast<std::size_t>(places[k])].value;
      Shape column = value.shape();
      column[-1] = 1;
      columns.push_back(masks[k] ? masks[k].of(tensors).reshape(column)
                                 : Tensor::full(column, 1, DType::boolean, value.device()));
    }
    const Tensor joined = concat(columns, axis);
    return all ? all_along(joined, -1) : any_along(joined, -1);
  }
};

MaskJoin mask_join(const CallSite& site, std::span<const int> places, int axis) {
  MaskJoin join{.masks = site.previous_masks(), .axis = axis, .all = !site.is_keras3()};
  bool masked = false;
  bool unmasked = false;
  for (std::size_t k = 0; k < places.size(); ++k) {
    const TensorNote& input = site.tensors()[static_cast<std::size_t>(places[k])];
    masked = masked || join.masks[k];
    unmasked = unmasked || !join.masks[k];
    if (join.masks[k] && join.masks[k].shape(site.tensors())->rank() + 1 != input.shape.rank()) {
      site.refuse("inputs", "a mask " + to_string(*input.mask), "a mask with all axes but the features");
    }
  }
  const bool last = axis == site.tensors()[static_cast<std::size_t>(places[0])].shape.rank() - 1;
  if (masked && unmasked && join.all && !last) {
    site.refuse("inputs", "some with a mask and some without", "masks of all or none: Keras 2 cannot join them");
  }
  if (!masked) join.masks.clear();
  return join;
}

BoundCall bind_concatenate(const CallSite& site, std::int64_t listed_axis) {
  site.allow({});
  const std::vector<int> places = joined_inputs(site, 1, std::numeric_limits<int>::max());
  const int rank = site.tensors()[static_cast<std::size_t>(places[0])].shape.rank();
  const std::int64_t axis = listed_axis < 0 ? listed_axis + rank : listed_axis;
  if (axis < 0 || axis >= rank) site.refuse("axis", std::to_string(listed_axis), "an axis of the inputs");
  const auto joined = static_cast<int>(axis);
  TensorNote output{joined_shape(site, places, joined), site.tensors()[static_cast<std::size_t>(places[0])].dtype};
  const MaskJoin masks = mask_join(site, places, joined);
  if (!masks.masks.empty()) output.mask = output.shape.erase(-1);
  BoundCall call{.outputs = {output}, .run = {}, .how = "moves elements"};
  call.stream = joined == 1 && rank > 2 ? StreamRule::whole : StreamRule::stepwise;
  call.run = [=](std::span<const MaskedTensor> tensors, std::span<MaskedTensor> outputs) {
    std::vector<Tensor> parts;
    for (const int place : places) parts.push_back(tensors[static_cast<std::size_t>(place)].value);
    outputs[0] = {concat(parts, joined), masks.of(tensors, places)};
  };
  return call;
}

std::unique_ptr<ModelLayer> make_concatenate(const LayerSource& source) {
  const std::int64_t axis = source.config.contains("axis") ? source.config.whole("axis", -kMaxRank, kMaxRank) : -1;
  return layer_of([axis](const CallSite& site) { return bind_concatenate(site, axis); });
}

}  // namespace

std::span<const LayerRow> concatenate_rows() {
  static const std::vector<LayerRow> kRows = {{"Concatenate", make_concatenate, {}}};
  return kRows;
}

}  // namespace rondo
