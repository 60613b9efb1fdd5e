// Attention and AdditiveAttention. Inputs are [query, value] or [query, value, key]. The query's mask clears the
// output, the value's mask keeps steps out of the sums.

#include "models/families/joined_inputs.h"
#include "models/families/mask_logic.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

constexpr double kFarBelow = -1e9;  // what Keras adds to scores that do not count

using Scores = std::function<Tensor(const Tensor& query, const Tensor& key)>;

Tensor product_scores(const Tensor& query, const Tensor& key) { return matmul(query, key.swap_axes(-1, -2)); }

// The sum over features of weight * tanh(scale (query + key)), for each pair of steps; undefined tensors count as 1.
Tensor sum_scores(const Tensor& query, const Tensor& key, const Tensor& scale, const Tensor& weight) {
  Tensor pairs = add(query.insert_axis(2), key.insert_axis(1));
  if (scale.defined()) pairs = mul(pairs, scale);
  pairs = tanh(pairs);
  return sum(weight.defined() ? mul(pairs, weight) : pairs, {-1});
}

/// Which tensors and masks a call has.
struct AttentionCall {
  int query = 0;
  int value = 1;
  int key = 1;
  MaskRoute query_mask = {};
  MaskRoute value_mask = {};
  bool causal = false;
  bool keras3 = true;

  Tensor masked_scores(const Tensor& scores, std::span<const MaskedTensor> tensors) const;
  Tensor cleared(const Tensor& result, std::span<const MaskedTensor> tensors) const;
};

Tensor AttentionCall::masked_scores(const Tensor& scores, std::span<const MaskedTensor> tensors) const {
  Tensor mask = value_mask ? value_mask.of(tensors).insert_axis(1) : Tensor();
  if (causal) {
    const Tensor triangle = lower_triangle(scores.size(1), scores.size(2), scores.device());
    mask = mask.defined() ? logical_and(mask, triangle) : triangle;
  }
  return mask.defined() ? where(mask, scores, add(scores, kFarBelow)) : scores;
}

Tensor AttentionCall::cleared(const Tensor& result, std::span<const MaskedTensor> tensors) const {
  if (!query_mask) return result;
  const Tensor mask = query_mask.of(tensors).insert_axis(2);
  if (!keras3) return mul(result, mask.to(result.dtype()));
  return where(mask, result, Tensor::zeros({}, result.dtype(), result.device()));
}

AttentionCall attention_call(const CallSite& site, const std::vector<int>& places) {
  AttentionCall call{.query = places[0], .value = places[1], .key = places.back(), .keras3 = site.is_keras3()};
  const std::vector<MaskRoute> masks = site.call_masks();
  if (masks.size() > 1) call.query_mask = masks[0];
  if (masks.size() > 1) call.value_mask = masks[1];
  return call;
}

void check_shapes(const CallSite& site, const TensorNote& query, const TensorNote& value, const TensorNote& key) {
  const bool ranks = query.shape.rank() == 3 && value.shape.rank() == 3 && key.shape.rank() == 3;
  if (!ranks || !sizes_agree(key.shape[1], value.shape[1]) || !sizes_agree(key.shape[2], query.shape[2])) {
    site.refuse("inputs", note_text(query) + ", " + note_text(value) + ", " + note_text(key),
                "query (B, T, C), value (B, S, D), key (B, S, C)");
  }
}

BoundCall bind_attention(const CallSite& site, const Scores& scores, bool always_causal) {
  site.allow({"mask", "return_attention_scores", "use_causal_mask"});
  const std::vector<int> places = joined_inputs(site, 2, 3);
  AttentionCall call = attention_call(site, places);
  call.causal = always_causal || flag_argument(site, "use_causal_mask");
  const bool with_scores = flag_argument(site, "return_attention_scores");
  const auto note = [&](int place) { return site.tensors()[static_cast<std::size_t>(place)]; };
  const TensorNote query = note(call.query);
  check_shapes(site, query, note(call.value), note(call.key));
  TensorNote output{{query.shape[0], query.shape[1], note(call.value).shape[2]}, query.dtype};
  output.mask = site.previous_masks()[0].shape(site.tensors());
  BoundCall bound{.outputs = {output}, .run = {}, .how = "matrix products and softmax"};
  if (with_scores) {
    bound.outputs.push_back({{query.shape[0], query.shape[1], note(call.value).shape[1]}, query.dtype});
  }
  bound.run = [=, mask = site.previous_masks()[0]](std::span<const MaskedTensor> tensors,
                                                   std::span<MaskedTensor> outputs) {
    const auto value = [&](int place) -> const Tensor& { return tensors[static_cast<std::size_t>(place)].value; };
    const Tensor weights = softmax(call.masked_scores(scores(value(call.query), value(call.key)), tensors));
    outputs[0] = {call.cleared(matmul(weights, value(call.value)), tensors), mask.of(tensors)};
    if (with_scores) outputs[1] = {weights};
  };
  return bound;
}

std::unique_ptr<ModelLayer> make_attention(const LayerSource& source) {
  const bool use_scale = source.config.flag("use_scale", false);
  const std::string mode = source.config.text("score_mode", "dot");
  if (mode != "dot" && mode != "concat") source.config.refuse("score_mode", "dot or concat");
  const bool concatenated = mode == "concat";
  const std::vector<Tensor>& weights = source.exactly((use_scale ? 1U : 0U) + (concatenated ? 1U : 0U));
  const Tensor scale = use_scale ? weights.front() : Tensor();
  const Tensor weight = concatenated ? weights.back() : Tensor();
  const Scores scores = [=](const Tensor& query, const Tensor& key) {
    if (concatenated) return sum_scores(query, key, scale, weight);
    const Tensor products = product_scores(query, key);
    return scale.defined() ? mul(products, scale) : products;
  };
  return layer_of([scores, causal = source.config.flag("causal", false)](const CallSite& site) {
    return bind_attention(site, scores, causal);
  });
}

std::unique_ptr<ModelLayer> make_additive_attention(const LayerSource& source) {
  const bool use_scale = source.config.flag("use_scale", true);
  const std::vector<Tensor>& weights = source.exactly(use_scale ? 1 : 0);
  const Tensor scale = use_scale ? weights[0] : Tensor();
  const Scores scores = [scale](const Tensor& query, const Tensor& key) { return sum_scores(query, key, {}, scale); };
  return layer_of([scores, causal = source.config.flag("causal", false)](const CallSite& site) {
    return bind_attention(site, scores, causal);
  });
}

}  // namespace

std::span<const LayerRow> attention_rows() {
  static const std::vector<const char*> kParameters = {"mask", "training", "return_attention_scores",
                                                       "use_causal_mask"};
  static const std::vector<LayerRow> kRows = {{"AdditiveAttention", make_additive_attention, kParameters},
                                              {"Attention", make_attention, kParameters}};
  return kRows;
}

}  // namespace rondo
