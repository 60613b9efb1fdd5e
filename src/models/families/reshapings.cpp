// Layers that move elements: Flatten, Reshape, Permute, RepeatVector, and those that cut and widen the time axis. No
// mask goes through them.

#include <algorithm>

#include "models/families/time_windows.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

BoundCall moved(const CallSite& site, const Shape& shape, std::function<Tensor(const Tensor&)> compute) {
  BoundCall call = one_to_one(site, {shape, site.input().dtype}, false, std::move(compute));
  call.how = "moves elements";
  return call;
}

/// The sizes of a row as one number; kUnknownSize if one is open.
std::int64_t row_size(const Shape& shape) { return known_numel(shape.rank() > 0 ? shape.erase(0) : shape); }

std::unique_ptr<ModelLayer> make_flatten(const LayerSource& source) {
  check_channels_last(source);
  return layer_of([](const CallSite& site) {
    site.allow({});
    const TensorNote& x = site.input(1);
    return moved(site, {x.shape[0], row_size(x.shape)}, [](const Tensor& given) {
      return given.reshape({given.size(0), row_size(given.shape())});
    });
  });
}

// The shape that rows of `size` elements get; kUnknownSize, at most once, is what the other sizes leave.
Shape row_shape(const CallSite& site, std::span<const std::int64_t> target, std::int64_t size) {
  Shape shape;
  std::int64_t known = 1;
  int open = -1;
  for (const std::int64_t n : target) {
    if (n == -1 && open != -1) site.refuse("target_shape", "-1 twice", "-1 at most once");
    if (n == -1) open = shape.rank();
    shape = shape.insert(shape.rank(), n);
  }
  if (size == kUnknownSize) return shape;
  Shape others = shape;
  if (open != -1) others[open] = 1;
  known = others.numel();
  if (open != -1 && known > 0) shape[open] = size / known;
  if (known == 0 ? size != 0 : size % known != 0 || (open == -1 && size != known)) {
    site.refuse("inputs", "rows of " + std::to_string(size) + " elements", "rows for " + to_string(others));
  }
  return shape;
}

std::unique_ptr<ModelLayer> make_reshape(const LayerSource& source) {
  const std::vector<std::int64_t> target = source.config.wholes("target_shape", -1);
  if (std::ssize(target) >= kMaxRank) source.config.refuse("target_shape", "fewer sizes");
  return layer_of([target](const CallSite& site) {
    site.allow({});
    const TensorNote& x = site.input(1);
    const Shape shape = row_shape(site, target, row_size(x.shape)).insert(0, x.shape[0]);
    return moved(site, shape, [target, site](const Tensor& given) {
      return given.reshape(row_shape(site, target, row_size(given.shape())).insert(0, given.size(0)));
    });
  });
}

std::unique_ptr<ModelLayer> make_permute(const LayerSource& source) {
  std::vector<int> order{0};
  for (const std::int64_t axis : source.config.wholes("dims", 1, kMaxRank - 1)) {
    order.push_back(static_cast<int>(axis));
  }
  std::vector<int> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t k = 0; k < sorted.size(); ++k) {
    if (sorted[k] != static_cast<int>(k)) source.config.refuse("dims", "each axis from 1 on once");
  }
  return layer_of([order](const CallSite& site) {
    site.allow({});
    const int rank = static_cast<int>(order.size());
    const TensorNote& x = site.input(rank, rank);
    Shape shape;
    for (const int axis : order) shape = shape.insert(shape.rank(), x.shape[axis]);
    return moved(site, shape, [order](const Tensor& given) { return given.transpose(std::span<const int>(order)); });
  });
}

std::unique_ptr<ModelLayer> make_repeat_vector(const LayerSource& source) {
  return layer_of([n = source.config.whole("n", 0)](const CallSite& site) {
    site.allow({});
    const TensorNote& x = site.input(2, 2);
    return moved(site, x.shape.insert(1, n),
                 [n](const Tensor& given) { return given.insert_axis(1).broadcast_to(given.shape().insert(1, n)); });
  });
}

// Two numbers of steps, or one for both ends.
TimeBorder ends_of(const LayerSource& source, const char* key) {
  if (source.config.value(key).is_null()) return {1, 1};
  const std::vector<std::int64_t> ends = source.config.wholes(key, 0);
  if (ends.empty() || ends.size() > 2) source.config.refuse(key, "one or two numbers");
  return {ends.front(), ends.back()};
}

std::unique_ptr<ModelLayer> make_zero_padding(const LayerSource& source) {
  check_channels_last(source);
  return layer_of([border = ends_of(source, "padding")](const CallSite& site) {
    site.allow({});
    Shape shape = site.input(3, 3).shape;
    if (shape[1] != kUnknownSize) shape[1] += border.before + border.behind;
    return moved(site, shape, [border](const Tensor& x) { return bordered(x, border, 0); });
  });
}

std::unique_ptr<ModelLayer> make_cropping(const LayerSource& source) {
  check_channels_last(source);
  return layer_of([ends = ends_of(source, "cropping")](const CallSite& site) {
    site.allow({});
    Shape shape = site.input(3, 3).shape;
    const std::int64_t cut = ends.before + ends.behind;
    if (shape[1] != kUnknownSize) shape[1] = std::max<std::int64_t>(0, shape[1] - cut);
    return moved(site, shape, [ends, cut](const Tensor& x) {
      const std::int64_t T = x.size(1);
      return T > cut ? x.slice(1, ends.before, T - ends.behind) : x.slice(1, 0, 0);
    });
  });
}

std::unique_ptr<ModelLayer> make_up_sampling(const LayerSource& source) {
  return layer_of([size = number_of_axis(source, "size", 2)](const CallSite& site) {
    site.allow({});
    Shape shape = site.input(3, 3).shape;
    if (shape[1] != kUnknownSize) shape[1] *= size;
    return moved(site, shape, [size](const Tensor& x) {
      const Tensor repeated = x.insert_axis(2).broadcast_to({x.size(0), x.size(1), size, x.size(2)});
      return repeated.reshape({x.size(0), x.size(1) * size, x.size(2)});
    });
  });
}

}  // namespace

std::span<const LayerRow> reshaping_rows() {
  static const std::vector<LayerRow> kRows = {
      {"Cropping1D", make_cropping, {}},        {"Flatten", make_flatten, {}}, {"Permute", make_permute, {}},
      {"RepeatVector", make_repeat_vector, {}}, {"Reshape", make_reshape, {}}, {"UpSampling1D", make_up_sampling, {}},
      {"ZeroPadding1D", make_zero_padding, {}}};
  return kRows;
}

}  // namespace rondo
