// Activation and the layers that are activations.

#include <algorithm>
#include <limits>

#include "models/families/activation_function.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// A layer that applies a function to its input and passes its mask on.
std::unique_ptr<ModelLayer> applied(TensorFunction function) {
  return layer_of([function = std::move(function)](const CallSite& site) {
    site.allow({"mask"});
    BoundCall call = one_to_one(site, site.input(), true, function.compute);
    call.how = function.name;
    call.is_identity = function.is_linear && !site.find("mask");
    // A softmax over the axis of time needs all of it; along the last axis it does only where that is the time axis.
    const bool stepwise = !function.along_last_axis || site.input().shape.rank() > 2;
    call.stream = stepwise ? StreamRule::stepwise : StreamRule::whole;
    return call;
  });
}

std::unique_ptr<ModelLayer> make_activation(const LayerSource& source) {
  return applied(activation_function(source.config, "activation"));
}

Tensor zero_of(const Tensor& x) { return Tensor::zeros(Shape{}, x.dtype(), x.device()); }

/// x above the threshold, at most `largest`; slope (x - threshold) below: Keras's ReLU.
Tensor bent(const Tensor& x, double slope, double largest, double threshold) {
  const Tensor above = threshold == 0.0 ? x : add(x, -threshold);
  Tensor result = threshold == 0.0 ? relu(x) : where(relu(above).to(DType::boolean), x, zero_of(x));
  if (largest < std::numeric_limits<double>::infinity()) result = clip(result, 0.0, largest);
  return slope == 0.0 ? result : sub(result, mul(relu(neg(above)), slope));
}

/// A number from 0. Throws `ValueError` for others.
double from_zero(const LayerFields& config, const char* key, double fallback) {
  const double number = config.real(key, fallback);
  if (!(number >= 0.0)) config.refuse(key, "a number from 0");
  return number;
}

std::unique_ptr<ModelLayer> make_relu(const LayerSource& source) {
  const double slope = from_zero(source.config, "negative_slope", 0.0);
  const double largest = from_zero(source.config, "max_value", std::numeric_limits<double>::infinity());
  const double threshold = from_zero(source.config, "threshold", 0.0);
  return applied({"relu", [=](const Tensor& x) { return bent(x, slope, largest, threshold); }});
}

std::unique_ptr<ModelLayer> make_leaky_relu(const LayerSource& source) {
  const char* key = source.config.contains("alpha") ? "alpha" : "negative_slope";  // of Keras 2 and of Keras 3
  const double slope = from_zero(source.config, key, 0.3);
  const double largest = std::numeric_limits<double>::infinity();
  return applied({"leaky_relu", [=](const Tensor& x) { return bent(x, slope, largest, 0.0); }});
}

std::unique_ptr<ModelLayer> make_thresholded_relu(const LayerSource& source) {
  const double theta = from_zero(source.config, "theta", 1.0);
  return applied({"thresholded_relu",
                  [theta](const Tensor& x) { return where(relu(add(x, -theta)).to(DType::boolean), x, zero_of(x)); }});
}

std::unique_ptr<ModelLayer> make_elu(const LayerSource& source) {
  const double alpha = source.config.real("alpha", 1.0);
  return applied({"elu", [alpha](const Tensor& x) {
                    const Tensor below = clip(x, -std::numeric_limits<double>::infinity(), 0.0);
                    return add(relu(x), mul(add(exp(below), -1.0), alpha));
                  }});
}

std::unique_ptr<ModelLayer> make_prelu(const LayerSource& source) {
  const Tensor alpha = source.exactly(1)[0];
  return layer_of([alpha](const CallSite& site) {
    site.allow({"mask"});
    const TensorNote& x = site.input(2);
    bool fits = alpha.rank() + 1 == x.shape.rank();
    for (int axis = 0; fits && axis < alpha.rank(); ++axis) {
      fits = alpha.size(axis) == 1 || sizes_agree(alpha.size(axis), x.shape[axis + 1]);
    }
    if (!fits) site.refuse("inputs", note_text(x), "a shape that fits its alpha, " + describe(alpha));
    BoundCall call = one_to_one(
        site, x, true, [alpha](const Tensor& given) { return sub(relu(given), mul(alpha, relu(neg(given)))); });
    call.how = "prelu";
    call.stream = alpha.rank() > 1 && alpha.size(0) == 1 ? StreamRule::stepwise : StreamRule::whole;
    return call;
  });
}

/// The axes of a Softmax, from 0, in a tensor of this rank.
std::vector<int> axes_of(const std::vector<std::int64_t>& axes, int rank, const CallSite& site) {
  std::vector<int> result;
  for (const std::int64_t axis : axes) {
    if (axis < -rank || axis >= rank)
      site.refuse("axis", std::to_string(axis), "an axis of " + note_text(site.input()));
    result.push_back(static_cast<int>(axis < 0 ? axis + rank : axis));
  }
  return result;
}

Tensor softmax_over(const Tensor& x, const std::vector<int>& axes) {
  if (axes.size() == 1) return softmax(x, axes[0]);
  const Tensor powers = exp(sub(x, max(x, axes, true)));
  return div(powers, sum(powers, axes, true));
}

std::unique_ptr<ModelLayer> make_softmax(const LayerSource& source) {
  const std::vector<std::int64_t> axes =
      source.config.value("axis").is_null() ? std::vector<std::int64_t>{-1} : source.config.wholes("axis", -kMaxRank);
  return layer_of([axes](const CallSite& site) {
    site.allow({"mask"});
    const TensorNote& x = site.input();
    const std::vector<int> over = axes_of(axes, x.shape.rank(), site);
    const MaskRoute mask = site.call_masks().front();
    const MaskRoute passed = site.previous_masks().front();
    TensorNote output = x;
    output.mask = passed.shape(site.tensors());
    BoundCall call{.outputs = {output}, .run = {}, .how = "softmax"};
    const bool over_time = std::find_if(over.begin(), over.end(), [](int axis) { return axis < 2; }) != over.end();
    call.stream = over_time ? StreamRule::whole : StreamRule::stepwise;
    call.run = [over, mask, passed, keras3 = site.is_keras3()](std::span<const MaskedTensor> inputs,
                                                               std::span<MaskedTensor> outputs) {
      Tensor given = inputs[0].value;
      outputs[0].mask = passed.of(inputs);
      const Tensor live = mask.of(inputs);
      if (!live.defined()) {
        outputs[0].value = softmax_over(given, over);
        return;
      }
      const bool small = given.dtype() == DType::f16;
      const Tensor low =
          Tensor::full(Shape{}, small ? (keras3 ? -3e4 : -65504.0) : -1e9, given.dtype(), given.device());
      const Tensor zero = Tensor::zeros(Shape{}, given.dtype(), given.device());
      // Keras 2 adds the low number to a masked value, Keras 3 takes it in the value's place.
      given = where(live, given, keras3 ? low : add(given, low));
      outputs[0].value = softmax_over(given, over);
      if (keras3) outputs[0].value = where(live, outputs[0].value, zero);
    };
    return call;
  });
}

}  // namespace

std::span<const LayerRow> activation_rows() {
  static const std::vector<LayerRow> kRows = {{"Activation", make_activation, {}},
                                              {"ELU", make_elu, {}},
                                              {"LeakyReLU", make_leaky_relu, {}},
                                              {"PReLU", make_prelu, {}},
                                              {"ReLU", make_relu, {}},
                                              {"Softmax", make_softmax, {"mask"}},
                                              {"ThresholdedReLU", make_thresholded_relu, {}}};
  return kRows;
}

}  // namespace rondo
