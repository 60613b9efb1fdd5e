// Normalizations by statistics that the file has: BatchNormalization, Normalization.

#include "formats/containers/json.h"
#include "models/families/normalization_axes.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

using Formula = Tensor (*)(const Tensor& x, const Tensor& first, const Tensor& second);

Tensor product_and_sum(const Tensor& x, const Tensor& factor, const Tensor& offset) {
  return add(mul(x, factor), offset);
}

// The difference comes first: the mean may be large beside the deviation.
Tensor standard_score(const Tensor& x, const Tensor& mean, const Tensor& deviation) {
  return div(sub(x, mean), deviation);
}

Tensor from_standard_score(const Tensor& x, const Tensor& mean, const Tensor& deviation) {
  return add(mul(x, deviation), mean);
}

// A call of a formula with two tensors along some axes of the input.
BoundCall bound(const CallSite& site, Formula formula, const Tensor& first, const Tensor& second,
                std::span<const std::int64_t> listed, bool pass) {
  const TensorNote& x = site.input(2);
  const std::vector<int> axes = axes_of_call(site, listed, x.shape.rank());
  TensorNote output = x;
  output.dtype = first.dtype();
  BoundCall call =
      one_to_one(site, output, pass,
                 [formula, one = along_axes(site, first, axes, x), other = along_axes(site, second, axes, x)](
                     const Tensor& given) { return formula(given.to(one.dtype()), one, other); });
  call.how = "elementwise functions";
  call.stream = is_stepwise(axes, x.shape.rank()) ? StreamRule::stepwise : StreamRule::whole;
  return call;
}

std::unique_ptr<ModelLayer> make_batch_normalization(const LayerSource& source) {
  const bool scale = source.config.flag("scale", true);
  const bool center = source.config.flag("center", true);
  const std::vector<Tensor>& weights = source.exactly(2U + (scale ? 1U : 0U) + (center ? 1U : 0U));
  const Tensor& moving_mean = weights[weights.size() - 2];
  const Tensor& variance = weights[weights.size() - 1];
  std::vector<std::int64_t> axis{-1};
  if (source.config.contains("axis")) axis = source.config.wholes("axis", -kMaxRank, kMaxRank - 1);
  if (axis.size() != 1) source.config.refuse("axis", "one axis");
  const Tensor one = Tensor::full({}, 1, variance.dtype(), variance.device());
  Tensor factor = div(one, sqrt(add(variance, source.config.real("epsilon", 1e-3))));
  if (scale) factor = mul(factor, weights[0]);
  const Tensor shift = mul(moving_mean, factor);
  const Tensor offset = center ? sub(weights[scale ? 1 : 0], shift) : neg(shift);
  return layer_of([=](const CallSite& site) {
    site.allow({"mask"});
    return bound(site, product_and_sum, factor, offset, axis, true);
  });
}

// Numbers of the configuration: one, or nested lists of one number each, row by row.
Tensor numbers(const LayerSource& source, const char* key) {
  std::vector<float> elements;
  std::vector<const nlohmann::json*> open{&source.config.value(key)};
  while (!open.empty()) {
    const nlohmann::json& next = *open.back();
    open.pop_back();
    if (next.is_number()) {
      elements.push_back(next.get<float>());
    } else if (next.is_array()) {
      for (auto item = next.rbegin(); item != next.rend(); ++item) open.push_back(&*item);
    } else {
      source.config.refuse(key, "a number, or lists of numbers");
    }
  }
  return Tensor::from(elements, {std::ssize(elements)}, source.setting.device);
}

// The shape of weights of an axis each: what the input has there.
Tensor shaped(const CallSite& site, const Tensor& numbers, std::span<const std::int64_t> listed) {
  const TensorNote& x = site.input(2);
  Shape shape;
  for (const int axis : axes_of_call(site, listed, x.shape.rank())) shape = shape.insert(shape.rank(), x.shape[axis]);
  if (numbers.numel() == 1) return numbers.reshape({}).broadcast_to(shape).clone();
  if (known_numel(shape) != numbers.numel()) {
    site.refuse("inputs", note_text(x), std::to_string(numbers.numel()) + " elements on its axes");
  }
  return numbers.reshape(shape);
}

std::unique_ptr<ModelLayer> make_normalization(const LayerSource& source) {
  std::vector<std::int64_t> axis;
  if (!source.config.value("axis").is_null()) axis = source.config.wholes("axis", -kMaxRank, kMaxRank - 1);
  const bool invert = source.config.flag("invert", false);
  const bool given = !source.config.value("mean").is_null();
  if (!given && source.weights.size() != 3) source.exactly(2);  // the third one counts examples
  const Tensor mean = given ? numbers(source, "mean") : source.weights[0];
  const Tensor variance = given ? numbers(source, "variance") : source.weights[1];
  constexpr double kLeastDeviation = 1e-7;  // Keras's epsilon()
  const Tensor deviation =
      maximum(sqrt(variance), Tensor::full({}, kLeastDeviation, variance.dtype(), variance.device()));
  return layer_of([=](const CallSite& site) {
    site.allow({});
    return bound(site, invert ? from_standard_score : standard_score, shaped(site, mean, axis),
                 shaped(site, deviation, axis), axis, site.is_keras3());
  });
}

}  // namespace

std::span<const LayerRow> fixed_normalization_rows() {
  static const std::vector<LayerRow> kRows = {{"BatchNormalization", make_batch_normalization, {"training", "mask"}},
                                              {"Normalization", make_normalization, {}}};
  return kRows;
}

}  // namespace rondo
