#include "models/families/recurrent.h"

#include <algorithm>
#include <utility>

#include "models/families/recurrent_stack.h"
#include "models/families/recurrent_stream.h"
#include "models/layer_table.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::vector<int> states_of(const CallSite& site) {
  const std::vector<int>& first = site.inputs().tensors;
  std::vector<int> states(first.begin() + 1, first.end());
  const CallArgument* argument = site.find("initial_state");
  if (argument != nullptr) {
    if (!states.empty()) site.refuse("initial_state", "states twice", "in the inputs or in an argument");
    states = argument->tensors;
  }
  if (std::count(states.begin(), states.end(), -1) > 0) site.refuse("initial_state", "None among states", "tensors");
  return states;
}

void check_states(const CallSite& site, const std::vector<int>& states, const RecurrentTraits& traits) {
  if (states.empty()) return;
  if (states.size() != traits.state_sizes.size()) {
    site.refuse("initial_state", std::to_string(states.size()) + " tensors", std::to_string(traits.state_sizes.size()));
  }
  for (std::size_t k = 0; k < states.size(); ++k) {
    const TensorNote& note = site.tensors()[static_cast<std::size_t>(states[k])];
    if (!shapes_agree(note.shape, {kUnknownSize, traits.state_sizes[k]})) {
      site.refuse("initial_state", note_text(note), "(None, " + std::to_string(traits.state_sizes[k]) + ")");
    }
  }
}

/// States in the form of a layer's arguments: one for each cell, a tuple where a cell of several has more than one.
States form_states(std::span<const MaskedTensor> inputs, const std::vector<int>& tensors,
                   const std::vector<std::int64_t>& counts, DType dtype) {
  States states;
  std::size_t next = 0;
  for (const std::int64_t count : counts) {
    std::vector<Nest> cell;
    for (std::int64_t k = 0; k < count; ++k) {
      cell.emplace_back(inputs[static_cast<std::size_t>(tensors[next++])].value.to(dtype));
    }
    if (counts.size() == 1) return {cell.begin(), cell.end()};
    states.push_back(cell.size() == 1 ? std::move(cell.front()) : Nest::tuple(std::move(cell)));
  }
  return states;
}

std::vector<TensorNote> output_notes(const CallSite& site, const RecurrentTraits& traits) {
  const TensorNote& x = site.tensors()[static_cast<std::size_t>(site.inputs().tensors[0])];
  std::vector<TensorNote> notes;
  for (const Shape& sizes : traits.outputs) {
    Shape shape{x.shape[traits.options.time_major ? 1 : 0]};
    if (traits.options.return_sequences) shape = {x.shape[0], x.shape[1]};
    for (const std::int64_t size : sizes) shape = shape.insert(shape.rank(), size);
    notes.push_back({shape, traits.dtype});
    if (traits.options.return_sequences) notes.back().mask = site.previous_masks().front().shape(site.tensors());
  }
  if (!traits.options.return_state) return notes;
  for (const std::int64_t size : traits.state_sizes) {
    notes.push_back({{x.shape[traits.options.time_major ? 1 : 0], size}, traits.dtype});
  }
  return notes;
}

}  // namespace

std::vector<int> initial_states(const CallSite& site) { return states_of(site); }

BoundCall bind_recurrent(const CallSite& site, const RecurrentTraits& traits, const PlanOptions& plan,
                         std::function<LayerResult(const Tensor&, const CallOptions&)> layer) {
  site.allow({"mask", "initial_state"});
  const int first = site.inputs().tensors[0];
  if (first != 0) site.refuse("inputs", "None", "a tensor");
  const TensorNote& x = site.tensors().front();
  if (x.shape.rank() != 3 || !sizes_agree(x.shape[2], traits.features)) {
    site.refuse("inputs", note_text(x), "(None, None, " + std::to_string(traits.features) + ")");
  }
  const std::vector<int> states = initial_states(site);
  check_states(site, states, traits);
  const MaskRoute mask = site.call_masks().front();
  const std::optional<Shape> mask_shape = mask.shape(site.tensors());
  if (mask_shape && mask_shape->rank() != 2 && !(mask_shape->rank() == 3 && sizes_agree((*mask_shape)[2], 1))) {
    site.refuse("mask", "a mask of rank " + std::to_string(mask_shape->rank()), "(B, T) or (B, T, 1)");
  }
  BoundCall call{.outputs = output_notes(site, traits), .run = {}, .stream = StreamRule::whole};
  call.stream_keeps_time = traits.options.return_sequences;
  const MaskRoute passed = traits.options.return_sequences ? site.previous_masks().front() : MaskRoute{};
  call.run = [=, counts = traits.state_counts, dtype = traits.dtype, sequences = traits.outputs.size(),
              return_state = traits.options.return_state,
              layer = std::move(layer)](std::span<const MaskedTensor> inputs, std::span<MaskedTensor> outputs) {
    CallOptions options;
    options.plan = plan;
    if (mask) options.mask = mask.of(inputs);
    if (!states.empty()) options.initial_state = form_states(inputs, states, counts, dtype);
    const LayerResult result = layer(inputs[0].value.to(dtype), options);
    std::size_t next = 0;
    result.output.visit([&](const Tensor& output) { outputs[next++] = {output, passed.of(inputs)}; });
    if (!return_state) return;
    for (const Nest& state : result.states) {
      state.visit([&](const Tensor& leaf) { outputs[next++] = {leaf, {}}; });
    }
  };
  return call;
}

std::int64_t add_cells(RecurrentTraits& traits, const RNN& rnn) {
  const auto features = [](const Shape& shape) {
    if (shape.rank() != 1) throw ValueError("cell", "sizes " + to_string(shape), "states and outputs that are vectors");
    return shape[0];
  };
  if (rnn.known_cells().empty()) {  // a cell of the caller's
    const std::vector<Shape> sizes = rnn.cell().state_size().flatten();
    traits.state_counts.push_back(static_cast<std::int64_t>(sizes.size()));
    for (const Shape& size : sizes) traits.state_sizes.push_back(features(size));
    return features(rnn.cell().output_size().leaf());
  }
  for (const KnownCell* cell : rnn.known_cells()) {
    const int count = state_count(cell->spec().kind);
    traits.state_counts.push_back(count);
    for (int k = 0; k < count; ++k) traits.state_sizes.push_back(state_units(cell->spec(), k));
  }
  const RecurrentWeights& bottom = rnn.known_cells().front()->weights();
  traits.features = bottom.kernel.size(0);
  traits.dtype = bottom.kernel.dtype();
  return output_units(rnn.known_cells().back()->spec());
}

std::string explain_plans(const RNN& rnn, std::int64_t B, std::int64_t T, const PlanOptions& plan) {
  std::string text;
  for (const Plan& made : rnn.plans({.B = B, .T = T, .plan = plan})) text += made.explain() + "\n";
  return text;
}

std::unique_ptr<RNN> make_layer_on(const KerasLayer& layer, Device device) {
  KerasLayer moved = layer;
  for (Tensor& weight : moved.weights) weight = weight.to(device);
  return make_layer(moved);
}

namespace {

class RecurrentModelLayer final : public ModelLayer {
 public:
  RecurrentModelLayer(std::unique_ptr<RNN> rnn, const PlanOptions& plan) : rnn_(std::move(rnn)), plan_(plan) {
    traits_.outputs = {{add_cells(traits_, *rnn_)}};
    traits_.options = rnn_->options();
  }

  BoundCall bind(const CallSite& site) override {
    BoundCall call = bind_recurrent(
        site, traits_, plan_, [this](const Tensor& x, const CallOptions& options) { return (*rnn_)(x, options); });
    call.how = "recurrence";
    call.stack = stack_of(*rnn_, site);
    if (rnn_->options().go_backwards || rnn_->options().time_major || rnn_->known_cells().empty()) return call;
    call.stream = StreamRule::causal;
    const RecurrentStreamOptions options{.mask = site.call_masks().front(),
                                         .passed = site.previous_masks().front(),
                                         .initial_states = initial_states(site),
                                         .plan = plan_};
    call.stream_fixed = options.initial_states;
    call.make_stream = [this, options] { return make_recurrent_stream(*rnn_, options); };
    return call;
  }

  void reset_states() override {
    if (is_stateful() && !rnn_->states().empty()) rnn_->reset_states();
  }
  bool is_stateful() const override { return rnn_->options().stateful; }

  std::string explain(std::int64_t B, std::int64_t T) const override { return explain_plans(*rnn_, B, T, plan_); }

 private:
  std::unique_ptr<RNN> rnn_;
  PlanOptions plan_;
  RecurrentTraits traits_;
};

std::unique_ptr<ModelLayer> make_recurrent_layer(const LayerSource& source) {
  return recurrent_layer(make_layer_on(source.layer, source.setting.device), source.setting.plan);
}

}  // namespace

std::unique_ptr<ModelLayer> recurrent_layer(std::unique_ptr<RNN> rnn, const PlanOptions& plan) {
  return std::make_unique<RecurrentModelLayer>(std::move(rnn), plan);
}

std::span<const LayerRow> recurrent_rows() {
  static const std::vector<const char*> kParameters = {"initial_state", "mask", "training"};
  static const std::vector<LayerRow> kRows = {
      {"CuDNNGRU", make_recurrent_layer, kParameters}, {"CuDNNLSTM", make_recurrent_layer, kParameters},
      {"GRU", make_recurrent_layer, kParameters},      {"LSTM", make_recurrent_layer, kParameters},
      {"RNN", make_recurrent_layer, kParameters},      {"SimpleRNN", make_recurrent_layer, kParameters}};
  return kRows;
}

}  // namespace rondo
