// Merges of tensors element by element: Add, Subtract, Multiply, Average, Maximum, Minimum.
//
// Keras 2 computes without regard to masks, and an element counts where all masks have it. Keras 3 has a mask only if
// all inputs have one, and an element counts where any mask has it; Multiply, Maximum and Minimum of Keras 3 leave out
// the masked elements.

#include <algorithm>
#include <limits>

#include "models/families/joined_inputs.h"
#include "models/families/mask_logic.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

/// Inputs of one rank. Their masks are undefined, or have the inputs' ranks, with a last axis of size 1.
using Inputs = std::vector<MaskedTensor>;

Tensor sum_of(const Inputs& inputs) {
  Tensor result = inputs[0].value;
  for (std::size_t k = 1; k < inputs.size(); ++k) result = add(result, inputs[k].value);
  return result;
}

Tensor average_of(const Inputs& inputs) { return mul(sum_of(inputs), 1.0 / static_cast<double>(inputs.size())); }

Tensor difference_of(const Inputs& inputs) { return sub(inputs[0].value, inputs[1].value); }

Tensor either_mask(const Tensor& a, const Tensor& b) {
  return a.defined() && b.defined() ? logical_or(a, b) : Tensor();
}

// A masked factor counts as 1; where all factors are masked, the product is 0.
Tensor product_of(const Inputs& inputs) {
  Tensor product;
  Tensor mask = inputs[0].mask;
  for (const MaskedTensor& input : inputs) {
    const Tensor one = Tensor::full({}, 1, input.value.dtype(), input.value.device());
    const Tensor factor = input.mask.defined() ? where(input.mask, input.value, one) : input.value;
    product = product.defined() ? mul(product, factor) : factor;
    mask = either_mask(mask, input.mask);
  }
  return mask.defined() ? where(mask, product, Tensor::zeros({}, product.dtype(), product.device())) : product;
}

// A masked element takes the value of the others.
template <Tensor (*kChoose)(const Tensor&, const Tensor&)>
Tensor extreme_of(const Inputs& inputs) {
  MaskedTensor result = inputs[0];
  for (std::size_t k = 1; k < inputs.size(); ++k) {
    MaskedTensor next = inputs[k];
    if (next.mask.defined()) next.value = where(next.mask, next.value, result.value);
    if (result.mask.defined()) result.value = where(result.mask, result.value, next.value);
    result = {kChoose(result.value, next.value), either_mask(result.mask, next.mask)};
  }
  return result.value;
}

/// How a call merges its masks.
struct MaskMerge {
  std::vector<MaskRoute> masks = {};        ///< those that the result's mask is made of; none: the result has no mask
  std::vector<MaskRoute> value_masks = {};  ///< of each input, those that its values are taken by
  bool all = false;                         ///< whether an element counts only where all masks have it

  Tensor of(std::span<const MaskedTensor> tensors) const {
    Tensor result;
    for (const MaskRoute& route : masks) {
      const Tensor mask = route.of(tensors);
      result = !result.defined() ? mask : all ? logical_and(result, mask) : logical_or(result, mask);
    }
    return result;
  }
};

MaskMerge mask_merge(const CallSite& site, std::span<const int> places, bool by_mask, int rank) {
  MaskMerge merge{.all = !site.is_keras3()};
  const std::vector<MaskRoute> previous = site.previous_masks();
  const auto has_mask = [](const MaskRoute& route) { return static_cast<bool>(route); };
  std::copy_if(previous.begin(), previous.end(), std::back_inserter(merge.masks), has_mask);
  if (!merge.all && merge.masks.size() < previous.size()) merge.masks.clear();
  merge.value_masks.resize(places.size());
  for (std::size_t k = 0; k < places.size() && by_mask && !merge.all; ++k) {
    const TensorNote& input = site.tensors()[static_cast<std::size_t>(places[k])];
    if (!previous[k] || input.shape.rank() != rank) continue;  // Keras drops the mask of inputs that it gives more axes
    if (previous[k].shape(site.tensors())->rank() + 1 != rank) {
      site.refuse("inputs", "a mask of another rank than " + std::to_string(rank - 1),
                  "a mask for each row of features");
    }
    merge.value_masks[k] = previous[k];
  }
  return merge;
}

std::optional<Shape> merged_mask_shape(const CallSite& site, const MaskMerge& merge) {
  std::optional<Shape> shape;
  for (const MaskRoute& route : merge.masks) {
    const Shape next = *route.shape(site.tensors());
    if (shape && (next.rank() != shape->rank() || (merge.all && !shapes_agree(*shape, next)))) {
      site.refuse("inputs", "masks of shapes " + to_string(*shape) + " and " + to_string(next), "masks of one shape");
    }
    shape = shape ? broadcast_notes(site, *shape, next) : next;
  }
  return shape;
}

// The shape with axes of size 1 behind the batch.
Shape with_rank(Shape shape, int rank) {
  while (shape.rank() < rank) shape = shape.insert(1, 1);
  return shape;
}

using MergeFunction = Tensor (*)(const Inputs&);

BoundCall bind_merge(const CallSite& site, MergeFunction merge_values, bool by_mask, int most) {
  site.allow({});
  const std::vector<int> places = joined_inputs(site, most == 2 ? 2 : 1, most);
  int rank = 0;
  for (const int place : places) rank = std::max(rank, site.tensors()[static_cast<std::size_t>(place)].shape.rank());
  TensorNote output = site.tensors()[static_cast<std::size_t>(places[0])];
  output.shape = with_rank(output.shape, rank);
  for (const int place : places) {
    const Shape next = with_rank(site.tensors()[static_cast<std::size_t>(place)].shape, rank);
    output.shape = broadcast_notes(site, output.shape, next);
  }
  const MaskMerge masks = mask_merge(site, places, by_mask, rank);
  output.mask = merged_mask_shape(site, masks);
  BoundCall call{.outputs = {output}, .run = {}, .how = "elementwise functions", .stream = StreamRule::stepwise};
  call.run = [=](std::span<const MaskedTensor> tensors, std::span<MaskedTensor> outputs) {
    Inputs inputs;
    for (std::size_t k = 0; k < places.size(); ++k) {
      const Tensor& value = tensors[static_cast<std::size_t>(places[k])].value;
      const Tensor mask = masks.value_masks[k].of(tensors);
      inputs.push_back(
          {value.reshape(with_rank(value.shape(), rank)), mask.defined() ? mask.insert_axis(rank - 1) : mask});
    }
    outputs[0] = {merge_values(inputs), masks.of(tensors)};
  };
  return call;
}

template <MergeFunction kMerge, bool kByMask = false, int kMost = std::numeric_limits<int>::max()>
std::unique_ptr<ModelLayer> make_merge(const LayerSource&) {
  return layer_of([](const CallSite& site) { return bind_merge(site, kMerge, kByMask, kMost); });
}

}  // namespace

std::span<const LayerRow> merge_rows() {
  static const std::vector<LayerRow> kRows = {{"Add", make_merge<sum_of>, {}},
                                              {"Average", make_merge<average_of>, {}},
                                              {"Maximum", make_merge<extreme_of<maximum>, true>, {}},
                                              {"Minimum", make_merge<extreme_of<minimum>, true>, {}},
                                              {"Multiply", make_merge<product_of, true>, {}},
                                              {"Subtract", make_merge<difference_of, false, 2>, {}}};
  return kRows;
}

}  // namespace rondo
