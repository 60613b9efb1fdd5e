// Dot: products of two tensors, row by row of the batch.

#include "models/families/joined_inputs.h"
#include "models/families/normalization_axes.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

// The tensor with one axis moved.
Tensor with_axis_at(const Tensor& x, int axis, int place) {
  std::vector<int> order;
  for (int k = 0; k < x.rank(); ++k) {
    if (k != axis) order.push_back(k);
  }
  order.insert(order.begin() + place, axis);
  return x.transpose(std::span<const int>(order));
}

// The axes of both results one after another, or one of size 1.
Shape product_shape(const Shape& a, int a_axis, const Shape& b, int b_axis) {
  Shape shape = a.erase(a_axis);
  const Shape rest = b.erase(b_axis).erase(0);
  for (const std::int64_t size : rest) shape = shape.insert(shape.rank(), size);
  return shape.rank() == 1 ? shape.insert(1, 1) : shape;
}

Tensor batch_dot(const Tensor& a, int a_axis, const Tensor& b, int b_axis) {
  const Tensor last = with_axis_at(a, a_axis, a.rank() - 1);
  const Tensor first = with_axis_at(b, b_axis, 1);
  const std::int64_t rows = last.shape().erase(-1).erase(0).numel();
  const std::int64_t columns = first.shape().erase(1).erase(0).numel();
  const Tensor product =
      matmul(last.reshape({a.size(0), rows, a.size(a_axis)}), first.reshape({b.size(0), b.size(b_axis), columns}));
  return product.reshape(product_shape(a.shape(), a_axis, b.shape(), b_axis));
}

struct DotAxes {
  std::int64_t first = 0;
  std::int64_t second = 0;
};

int resolved_axis(const CallSite& site, std::int64_t axis, const TensorNote& input) {
  const int rank = input.shape.rank();
  const std::int64_t resolved = axis < 0 ? axis + rank : axis;
  if (resolved < 1 || resolved >= rank) {
    site.refuse("axes", std::to_string(axis), "an axis behind the batch of " + note_text(input));
  }
  return static_cast<int>(resolved);
}

BoundCall bind_dot(const CallSite& site, const DotAxes& axes, bool normalize) {
  site.allow({});
  const std::vector<int> places = joined_inputs(site, 2, 2);
  const TensorNote& a = site.tensors()[static_cast<std::size_t>(places[0])];
  const TensorNote& b = site.tensors()[static_cast<std::size_t>(places[1])];
  const int a_axis = resolved_axis(site, axes.first, a);
  const int b_axis = resolved_axis(site, axes.second, b);
  const bool fit = sizes_agree(a.shape[a_axis], b.shape[b_axis]) && sizes_agree(a.shape[0], b.shape[0]);
  if (!fit || a.shape.rank() + b.shape.rank() - 3 > kMaxRank) {
    site.refuse("inputs", note_text(a) + " and " + note_text(b), "equal batches, and equal sizes on their axes");
  }
  const TensorNote output{product_shape(a.shape, a_axis, b.shape, b_axis), a.dtype};
  BoundCall call{.outputs = {output}, .run = {}, .how = "matrix product"};
  if (a.shape.rank() == 2 && b.shape.rank() == 2) call.stream = StreamRule::stepwise;
  call.run = [=, least = site.is_keras3() ? 1e-7 : 1e-6](std::span<const MaskedTensor> tensors,
                                                         std::span<MaskedTensor> outputs) {
    Tensor left = tensors[static_cast<std::size_t>(places[0])].value;
    Tensor right = tensors[static_cast<std::size_t>(places[1])].value;
    if (normalize) left = length_normalized(left, {a_axis}, least);
    if (normalize) right = length_normalized(right, {b_axis}, least);
    outputs[0] = {batch_dot(left, a_axis, right, b_axis)};
  };
  return call;
}

std::unique_ptr<ModelLayer> make_dot(const LayerSource& source) {
  const std::vector<std::int64_t> listed = source.config.wholes("axes", -kMaxRank, kMaxRank);
  if (listed.empty() || listed.size() > 2) source.config.refuse("axes", "one or two axes");
  const DotAxes axes{listed.front(), listed.back()};
  return layer_of([axes, normalize = source.config.flag("normalize", false)](const CallSite& site) {
    return bind_dot(site, axes, normalize);
  });
}

}  // namespace

std::span<const LayerRow> dot_rows() {
  static const std::vector<LayerRow> kRows = {{"Dot", make_dot, {}}};
  return kRows;
}

}  // namespace rondo
