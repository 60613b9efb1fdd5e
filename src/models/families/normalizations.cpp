// Normalizations by statistics of the inputs: LayerNormalization, GroupNormalization, UnitNormalization,
// RMSNormalization.

#include <algorithm>
#include <utility>

#include "models/families/normalization_axes.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

constexpr std::int64_t kFirstAxis = -kMaxRank;
constexpr std::int64_t kLastAxis = kMaxRank - 1;

std::vector<std::int64_t> listed_axes(const LayerSource& source) {
  if (!source.config.contains("axis")) return {-1};
  return source.config.wholes("axis", kFirstAxis, kLastAxis);
}

// (x - mean) / sqrt(variance + epsilon), with moments over some axes.
Tensor standardized(const Tensor& x, const std::vector<int>& axes, double epsilon) {
  const Tensor centred = sub(x, mean(x, axes, true));
  const Tensor variance = mean(mul(centred, centred), axes, true);
  return div(centred, sqrt(add(variance, epsilon)));
}

/// The weights that scale and shift what has been normalized; undefined if the layer does not have them.
struct ScaleAndShift {
  Tensor gamma;
  Tensor beta;

  explicit ScaleAndShift(const LayerSource& source) {
    const bool scale = source.config.flag("scale", true);
    const bool center = source.config.flag("center", true);
    const std::vector<Tensor>& weights = source.exactly((scale ? 1U : 0U) + (center ? 1U : 0U));
    if (scale) gamma = weights.front();
    if (center) beta = weights.back();
  }

  /// Weights that broadcast with inputs.
  ScaleAndShift along(const CallSite& site, std::span<const int> axes, const TensorNote& input) const {
    ScaleAndShift laid = *this;
    if (gamma.defined()) laid.gamma = along_axes(site, gamma, axes, input);
    if (beta.defined()) laid.beta = along_axes(site, beta, axes, input);
    return laid;
  }

  Tensor apply(const Tensor& x) const {
    const Tensor scaled = gamma.defined() ? mul(x, gamma) : x;
    return beta.defined() ? add(scaled, beta) : scaled;
  }
};

BoundCall bound(const CallSite& site, bool pass, bool stepwise, std::function<Tensor(const Tensor&)> compute) {
  BoundCall call = one_to_one(site, site.input(), pass, std::move(compute));
  call.how = "reductions and elementwise functions";
  call.stream = stepwise ? StreamRule::stepwise : StreamRule::whole;
  return call;
}

std::unique_ptr<ModelLayer> make_layer_normalization(const LayerSource& source) {
  if (source.config.flag("rms_scaling", false)) {
    source.config.refuse("rms_scaling", "false; Keras 3.9 and later have RMSNormalization");
  }
  const std::vector<std::int64_t> listed = listed_axes(source);
  if (listed.size() > 1 && !std::is_sorted(listed.begin(), listed.end())) {
    source.config.refuse("axis", "ascending axes, as its weights are laid out");
  }
  const double epsilon = source.config.real("epsilon", 1e-3);
  return layer_of([=, weights = ScaleAndShift(source)](const CallSite& site) {
    site.allow({"mask"});
    const TensorNote& x = site.input(2);
    const std::vector<int> axes = axes_of_call(site, listed, x.shape.rank());
    return bound(site, true, is_stepwise(axes, x.shape.rank()),
                 [=, laid = weights.along(site, axes, x)](const Tensor& given) {
                   return laid.apply(standardized(given, axes, epsilon));
                 });
  });
}

// Weights (C,) as (G, C / G) on two neighbouring axes of a tensor of a rank.
ScaleAndShift grouped(const ScaleAndShift& weights, std::int64_t groups, int axis, int rank) {
  const auto lay = [&](const Tensor& weight) {
    if (!weight.defined()) return weight;
    Shape shape;
    for (int k = 0; k < rank; ++k) shape = shape.insert(k, 1);
    shape[axis] = groups;
    shape[axis + 1] = weight.numel() / groups;
    return weight.reshape(shape);
  };
  ScaleAndShift result = weights;
  result.gamma = lay(weights.gamma);
  result.beta = lay(weights.beta);
  return result;
}

Tensor group_normalized(const Tensor& x, std::int64_t groups, int axis, double epsilon, const ScaleAndShift& laid) {
  Shape shape = x.shape();
  shape[axis] /= groups;
  shape = shape.insert(axis, groups);
  std::vector<int> reduced;
  for (int k = 1; k < shape.rank(); ++k) {
    if (k != axis) reduced.push_back(k);
  }
  return laid.apply(standardized(x.reshape(shape), reduced, epsilon)).reshape(x.shape());
}

std::unique_ptr<ModelLayer> make_group_normalization(const LayerSource& source) {
  const std::vector<std::int64_t> listed = listed_axes(source);
  if (listed.size() != 1) source.config.refuse("axis", "one axis");
  const std::int64_t asked = source.config.whole_or("groups", 32, -1);
  const double epsilon = source.config.real("epsilon", 1e-3);
  return layer_of([=, weights = ScaleAndShift(source)](const CallSite& site) {
    site.allow({"mask"});
    const TensorNote& x = site.input(2, kMaxRank - 1);
    const int axis = axes_of_call(site, listed, x.shape.rank()).front();
    const std::int64_t channels = x.shape[axis];
    const std::int64_t groups = asked == -1 ? channels : asked;
    if (channels < 1 || groups < 1 || channels % groups != 0) {
      site.refuse("groups", std::to_string(groups), "a divisor of the size of the axis, " + note_text(x));
    }
    weights.along(site, std::vector<int>{axis}, x);  // checks the sizes
    if (!site.is_keras3() && site.call_masks().front()) {
      site.refuse("mask", "one", "none: Keras 2 does not broadcast it to the inputs");
    }
    return bound(site, true, x.shape.rank() == 2,
                 [=, laid = grouped(weights, groups, axis, x.shape.rank() + 1)](const Tensor& given) {
                   return group_normalized(given, groups, axis, epsilon, laid);
                 });
  });
}

std::unique_ptr<ModelLayer> make_unit_normalization(const LayerSource& source) {
  return layer_of([listed = listed_axes(source)](const CallSite& site) {
    site.allow({"mask"});
    const TensorNote& x = site.input(2);
    const std::vector<int> axes = axes_of_call(site, listed, x.shape.rank());
    return bound(site, true, is_stepwise(axes, x.shape.rank()), [axes, keras3 = site.is_keras3()](const Tensor& given) {
      return length_normalized(given, axes, keras3 ? 1e-12 : 1e-6);
    });
  });
}

std::unique_ptr<ModelLayer> make_rms_normalization(const LayerSource& source) {
  const double epsilon = source.config.real("epsilon", 1e-6);
  return layer_of([=, listed = listed_axes(source), scale = source.exactly(1)[0]](const CallSite& site) {
    site.allow({"mask"});
    const TensorNote& x = site.input(2);
    const std::vector<int> axes = axes_of_call(site, listed, x.shape.rank());
    return bound(site, false, is_stepwise(axes, x.shape.rank()),
                 [=, laid = along_axes(site, scale, axes, x)](const Tensor& given) {
                   const Tensor squares = mean(mul(given, given), axes, true);
                   return mul(div(given, sqrt(add(squares, epsilon))), laid);
                 });
  });
}

}  // namespace

Tensor length_normalized(const Tensor& x, const std::vector<int>& axes, double least) {
  const Tensor length = sqrt(sum(mul(x, x), axes, true));
  return div(x, maximum(length, Tensor::full({}, least, x.dtype(), x.device())));
}

std::span<const LayerRow> normalization_rows() {
  static const std::vector<LayerRow> kRows = {{"GroupNormalization", make_group_normalization},
                                              {"LayerNormalization", make_layer_normalization, {}},
                                              {"RMSNormalization", make_rms_normalization, {}},
                                              {"UnitNormalization", make_unit_normalization, {}}};
  return kRows;
}

}  // namespace rondo
