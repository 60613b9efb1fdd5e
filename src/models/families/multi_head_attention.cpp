// MultiHeadAttention over one axis of time: query (B, T, C), value (B, S, D), key (B, S, D).

#include <cmath>

#include "models/families/head_projections.h"
#include "models/families/joined_inputs.h"
#include "models/families/mask_logic.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

constexpr double kFarBelow = -1e9;  // the score of what does not count

/// What does not count for a fully masked row, which has scores alone that do not count.
enum class MaskedRow : std::uint8_t {
  uniform,  ///< all steps have equal weights
  zero      ///< no step has a weight
};

/// One call of the layer.
struct AttentionPlan {
  int query = 0;
  int value = 1;
  int key = 1;
  int given_mask = -1;  ///< `attention_mask`
  MaskRoute query_mask = {};
  MaskRoute value_mask = {};
  MaskRoute key_mask = {};
  bool causal = false;
  bool with_scores = false;
  MaskedRow masked_row = MaskedRow::uniform;

  Tensor mask(std::span<const MaskedTensor> tensors) const;
};

Tensor both(const Tensor& a, const Tensor& b) { return a.defined() ? logical_and(a, b) : b; }

// Which step may look at which: what broadcasts with (B, heads, T, S); undefined if all may.
Tensor AttentionPlan::mask(std::span<const MaskedTensor> tensors) const {
  Tensor mask;
  if (query_mask) mask = query_mask.of(tensors).insert_axis(2);
  if (value_mask) mask = both(mask, value_mask.of(tensors).insert_axis(1));
  if (key_mask) mask = both(mask, key_mask.of(tensors).insert_axis(1));
  if (causal) {
    const Tensor& x = tensors[static_cast<std::size_t>(query)].value;
    const std::int64_t S = tensors[static_cast<std::size_t>(value)].value.size(1);
    mask = both(mask, lower_triangle(x.size(1), S, x.device()));
  }
  if (given_mask >= 0) {
    const Tensor given = tensors[static_cast<std::size_t>(given_mask)].value.to(DType::boolean);
    mask = mask.defined() ? logical_and(given, mask) : given;
  }
  return mask.defined() && mask.rank() == 3 ? mask.insert_axis(1) : mask;
}

Tensor attention_weights(const Tensor& scores, const Tensor& mask, MaskedRow masked_row) {
  if (!mask.defined()) return softmax(scores);
  const auto number = [&](double value) { return Tensor::full({}, value, scores.dtype(), scores.device()); };
  const Tensor weights = softmax(where(mask, scores, number(kFarBelow)));
  return masked_row == MaskedRow::zero ? where(mask, weights, number(0)) : weights;
}

int only_tensor(const CallSite& site, const char* name) {
  const CallArgument* argument = site.find(name);
  if (argument == nullptr) return -1;
  if (argument->tensors.size() != 1 || argument->tensors[0] < 0) site.refuse(name, "no tensor", "one tensor");
  return argument->tensors[0];
}

MaskRoute carried(const CallSite& site, int tensor) {
  const bool masked = tensor >= 0 && site.tensors()[static_cast<std::size_t>(tensor)].mask;
  return masked ? MaskRoute{MaskRoute::Kind::carried, tensor} : MaskRoute{};
}

AttentionPlan plan_of(const CallSite& site, bool has_dropout) {
  site.allow({"value", "key", "attention_mask", "return_attention_scores", "use_causal_mask"});
  AttentionPlan plan;
  site.input();
  plan.query = site.inputs().tensors[0];
  plan.value = only_tensor(site, "value");
  if (plan.value < 0) site.refuse("value", "none", "a tensor");
  const int key = only_tensor(site, "key");
  plan.key = key < 0 ? plan.value : key;
  plan.given_mask = only_tensor(site, "attention_mask");
  plan.query_mask = carried(site, plan.query);
  plan.value_mask = carried(site, plan.value);
  plan.key_mask = carried(site, key);
  plan.causal = flag_argument(site, "use_causal_mask");
  plan.with_scores = flag_argument(site, "return_attention_scores");
  // Where Keras 3 needs no scores, it calls a fused function, whose fully masked rows are uniform.
  const bool by_softmax_layer = plan.with_scores || has_dropout;
  if (by_softmax_layer && site.is_keras3() && !site.origin().before(3, 10)) plan.masked_row = MaskedRow::zero;
  return plan;
}

void check_call(const CallSite& site, const AttentionPlan& plan, const Projections& projections) {
  const auto note = [&](int place) { return site.tensors()[static_cast<std::size_t>(place)]; };
  const auto check = [&](const char* name, int place, Role role) {
    const TensorNote x = note(place);
    const Tensor& kernel = projections[role].kernel;
    if (x.shape.rank() != 3 || !sizes_agree(x.shape[2], kernel.size(0))) {
      site.refuse(name, note_text(x), "(B, time, " + std::to_string(kernel.size(0)) + ")");
    }
  };
  check("query", plan.query, kQuery);
  check("value", plan.value, kValue);
  check("key", plan.key, kKey);
  if (!sizes_agree(note(plan.key).shape[1], note(plan.value).shape[1])) {
    site.refuse("key", note_text(note(plan.key)), "the time of value, " + note_text(note(plan.value)));
  }
  if (plan.given_mask >= 0 && (note(plan.given_mask).shape.rank() < 2 || note(plan.given_mask).shape.rank() > 4)) {
    site.refuse("attention_mask", note_text(note(plan.given_mask)), "(B, T, S)");
  }
}

struct HeadAttention {
  Projections projections;
  double scale = 1;
  bool has_dropout = false;

  void run(const AttentionPlan& plan, std::span<const MaskedTensor> tensors, std::span<MaskedTensor> outputs) const {
    const auto value = [&](int place) -> const Tensor& { return tensors[static_cast<std::size_t>(place)].value; };
    const Tensor query = mul(projections[kQuery].to_heads(value(plan.query)), scale);
    const Tensor key = projections[kKey].to_heads(value(plan.key));
    const Tensor weights = attention_weights(matmul(query, key.swap_axes(-1, -2)), plan.mask(tensors), plan.masked_row);
    const Tensor result = matmul(weights, projections[kValue].to_heads(value(plan.value)));
    outputs[0] = {projections[kOutput].from_heads(result), plan.query_mask.of(tensors)};
    if (plan.with_scores) outputs[1] = {weights};
  }

  BoundCall bind(const CallSite& site) const {
    const AttentionPlan plan = plan_of(site, has_dropout);
    check_call(site, plan, projections);
    const TensorNote query = site.input();
    const TensorNote value = site.tensors()[static_cast<std::size_t>(plan.value)];
    TensorNote output{{query.shape[0], query.shape[1]}, projections[kOutput].kernel.dtype(), query.mask};
    const Tensor& kernel = projections[kOutput].kernel;
    for (int axis = 2; axis < kernel.rank(); ++axis) output.shape = output.shape.insert(axis, kernel.size(axis));
    BoundCall call{.outputs = {output}, .run = {}, .how = "matrix products and softmax"};
    if (plan.with_scores) {
      const Shape scores{query.shape[0], kernel.size(0), query.shape[1], value.shape[1]};
      call.outputs.push_back({scores, output.dtype});
    }
    if (site.is_keras3()) call.unmasked = {plan.query, plan.value, plan.key};
    call.run = [*this, plan](std::span<const MaskedTensor> tensors, std::span<MaskedTensor> outputs) {
      run(plan, tensors, outputs);
    };
    return call;
  }
};

std::unique_ptr<ModelLayer> make_multi_head_attention(const LayerSource& source) {
  const LayerFields& config = source.config;
  const nlohmann::json& axes = config.value("attention_axes");
  const bool over_time = axes.is_null() || config.wholes("attention_axes", 1) == std::vector<std::int64_t>{1};
  if (!over_time) config.refuse("attention_axes", "the axis of time, 1");
  if (config.flag("use_gate", false)) config.refuse("use_gate", "false");
  if (!config.value("sliding_window").is_null()) config.refuse("sliding_window", "null");
  const HeadAttention attention{.projections = projections_of(source),
                                .scale = 1 / std::sqrt(static_cast<double>(config.whole("key_dim", 1))),
                                .has_dropout = config.real("dropout", 0) > 0};
  return layer_of([attention](const CallSite& site) { return attention.bind(site); });
}

}  // namespace

std::span<const LayerRow> multi_head_attention_rows() {
  static const std::vector<LayerRow> kRows = {{"MultiHeadAttention", make_multi_head_attention, {"value", "key"}}};
  return kRows;
}

}  // namespace rondo
