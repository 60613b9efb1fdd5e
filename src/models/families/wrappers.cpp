// Bidirectional and TimeDistributed.

#include <utility>

#include "models/families/recurrent.h"
#include "models/families/recurrent_stack.h"
#include "models/layer_table.h"
#include "rondo/keras/bidirectional.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

MergeMode merge_mode_of(const std::string& name, const std::string& where) {
  for (const MergeMode mode : {MergeMode::concat, MergeMode::sum, MergeMode::mul, MergeMode::ave, MergeMode::none}) {
    if (to_string(mode) == name) return mode;
  }
  throw ValueError(where + ": merge_mode", "'" + name + "'", "concat, sum, mul, ave or none");
}

class BidirectionalLayer final : public ModelLayer {
 public:
  BidirectionalLayer(const RNN& forward, const RNN& backward, MergeMode mode, const PlanOptions& plan)
      : layer_(forward, backward, mode), plan_(plan) {
    const std::int64_t forward_units = add_cells(traits_, forward);
    const std::int64_t backward_units = add_cells(traits_, backward);
    traits_.options = forward.options();
    traits_.outputs = {{mode == MergeMode::concat ? forward_units + backward_units : forward_units}};
    if (mode == MergeMode::none) traits_.outputs.push_back({backward_units});
  }

  BoundCall bind(const CallSite& site) override {
    BoundCall call = bind_recurrent(site, traits_, plan_,
                                    [this](const Tensor& x, const CallOptions& options) { return layer_(x, options); });
    call.how = "recurrence in both directions";
    if (!traits_.options.return_state) call.stack = stack_of(layer_, site);
    return call;
  }

  void reset_states() override {
    if (is_stateful() && !layer_.forward_layer().states().empty()) layer_.reset_states();
  }
  bool is_stateful() const override { return layer_.forward_layer().options().stateful; }
  std::string explain(std::int64_t B, std::int64_t T) const override {
    return explain_plans(layer_.forward_layer(), B, T, plan_) + explain_plans(layer_.backward_layer(), B, T, plan_);
  }

 private:
  Bidirectional layer_;
  PlanOptions plan_;
  RecurrentTraits traits_;
};

std::unique_ptr<ModelLayer> make_bidirectional(const LayerSource& source) {
  const std::vector<KerasLayer>& halves = source.layer.wrapped;
  if (halves.size() != 2) {
    throw ValueError(source.where() + ": layer", "a class that Rondo does not know", "SimpleRNN, LSTM, GRU or RNN");
  }
  const std::unique_ptr<RNN> forward = make_layer_on(halves[0], source.setting.device);
  const std::unique_ptr<RNN> backward = make_layer_on(halves[1], source.setting.device);
  return std::make_unique<BidirectionalLayer>(
      *forward, *backward, merge_mode_of(source.layer.merge_mode, source.where()), source.setting.plan);
}

/// (B, T, ...) as (B T, ...), and back.
Shape without_time(const Shape& shape) {
  Shape rows = shape.erase(1);
  rows[0] = shape[0] == kUnknownSize || shape[1] == kUnknownSize ? kUnknownSize : shape[0] * shape[1];
  return rows;
}

Tensor split_rows(const Tensor& rows, std::int64_t B, std::int64_t T) {
  Shape shape = rows.shape().insert(0, B);
  shape[1] = T;
  return rows.reshape(shape);
}

/// Runs a layer on all steps at once, as rows of a batch. The masks are Keras 3's: the output carries the mask of the
/// input, of any rank; Keras 2's are what the layer makes of the masks of its rows.
class TimeDistributedLayer final : public ModelLayer {
 public:
  TimeDistributedLayer(std::unique_ptr<ModelLayer> inner, std::string name)
      : inner_(std::move(inner)), name_(std::move(name)) {}

  BoundCall bind(const CallSite& site) override {
    site.allow({"mask"});
    const TensorNote& x = site.input(3);
    const MaskRoute mask = site.call_masks().front();
    const std::optional<Shape> mask_shape = mask.shape(site.tensors());
    TensorNote row{without_time(x.shape), x.dtype};
    if (row.shape[0] > kLargestSize) site.refuse("inputs", note_text(x), "at most 2^31 - 1 steps of all rows");
    // A mask (B, T) has one element for each row, which no layer takes.
    const bool mask_within = mask_shape && mask_shape->rank() > 2;
    if (mask_within) row.mask = without_time(*mask_shape);
    const CallSite inner_site(site.where() + ": layer '" + name_ + "'", site.origin(),
                              {{.name = "inputs", .is_list = false, .tensors = {0}}}, {row});
    auto inner = std::make_shared<const BoundCall>(inner_->bind(inner_site));
    BoundCall call{.outputs = {}, .run = {}, .how = "all steps as rows: " + inner->how, .stream = StreamRule::stepwise};
    for (TensorNote note : inner->outputs) {
      note.shape = note.shape.insert(1, x.shape[1]);
      note.shape[0] = x.shape[0];
      const std::optional<Shape> made = note.mask;
      note.mask = std::nullopt;
      if (site.is_keras3()) {
        note.mask = mask_shape;
      } else if (made) {
        note.mask = made->insert(1, x.shape[1]);
        (*note.mask)[0] = x.shape[0];
      } else if (mask_shape) {
        note.mask = Shape{x.shape[0], x.shape[1]};
      }
      call.outputs.push_back(note);
    }
    call.run = [inner, mask, mask_within, keras3 = site.is_keras3()](std::span<const MaskedTensor> inputs,
                                                                     std::span<MaskedTensor> outputs) {
      const Tensor& given = inputs[0].value;
      const std::int64_t B = given.size(0);
      const std::int64_t T = given.size(1);
      MaskedTensor rows{given.reshape(without_time(given.shape()))};
      const Tensor masks = mask.of(inputs);
      if (mask_within) rows.mask = masks.reshape(without_time(masks.shape()));
      inner->run(std::span(&rows, 1), outputs);
      for (MaskedTensor& output : outputs) {
        output.value = split_rows(output.value, B, T);
        if (keras3) {
          output.mask = masks;
        } else if (output.mask.defined()) {
          output.mask = split_rows(output.mask, B, T);
        } else if (masks.defined()) {
          output.mask = any_of_each_step(masks);
        }
      }
    };
    return call;
  }

  void reset_states() override { inner_->reset_states(); }
  bool is_stateful() const override { return inner_->is_stateful(); }

 private:
  static Tensor any_of_each_step(const Tensor& masks) {
    if (masks.rank() == 2) return masks;
    std::vector<int> axes;
    for (int axis = 2; axis < masks.rank(); ++axis) axes.push_back(axis);
    return max(masks.to(DType::i32), axes).to(DType::boolean);
  }

  std::unique_ptr<ModelLayer> inner_;
  std::string name_;
};

std::unique_ptr<ModelLayer> make_time_distributed(const LayerSource& source) {
  const nlohmann::json& entry = source.config.object("layer");
  if (source.layer.wrapped.size() != 1) source.config.refuse("layer", "one layer");
  const KerasLayer& inner = source.layer.wrapped.front();
  return std::make_unique<TimeDistributedLayer>(make_model_layer(inner, entry, source.setting), inner.name);
}

}  // namespace

std::span<const LayerRow> wrapper_rows() {
  static const std::vector<LayerRow> kRows = {
      {"Bidirectional", make_bidirectional, {"initial_state", "mask", "training"}},
      {"TimeDistributed", make_time_distributed, {"training", "mask"}}};
  return kRows;
}

}  // namespace rondo
