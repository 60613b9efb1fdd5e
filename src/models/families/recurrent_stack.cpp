#include "models/families/recurrent_stack.h"

#include <algorithm>
#include <utility>

#include "layers/keras/kept_cell.h"
#include "layers/keras/layer_call.h"
#include "models/families/recurrent.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

std::optional<RecurrentStack> stack_with(const RNNOptions& options, const CallSite& site) {
  const bool plain = !options.go_backwards && !options.time_major && !options.stateful && !options.return_state;
  const MaskRoute mask = site.call_masks().front();
  if (!plain || mask.kind == MaskRoute::Kind::given || site.tensors().size() != 1) return std::nullopt;
  return RecurrentStack{.options = options, .masked = static_cast<bool>(mask)};
}

/// The features of a level's output.
std::int64_t width_of(const StackedCells& level) {
  const std::int64_t forward = output_units(level.forward->spec());
  return level.backward == nullptr ? forward : forward + output_units(level.backward->spec());
}

/// A stack of which some level reads in both directions.
class StackLayer final : public ModelLayer {
 public:
  StackLayer(RecurrentStack stack, const PlanOptions& plan) : stack_(std::move(stack)), plan_(plan) {
    const RecurrentWeights& bottom = stack_.levels.front().forward->weights();
    traits_.features = bottom.kernel.size(0);
    traits_.dtype = bottom.kernel.dtype();
    traits_.options = stack_.options;
    traits_.outputs = {{width_of(stack_.levels.back())}};
    for (const StackedCells& level : stack_.levels) {
      weights_.push_back({.forward = KeptCell::weights(*level.forward)});
      if (level.backward != nullptr) weights_.back().backward = KeptCell::weights(*level.backward);
    }
  }

  BoundCall bind(const CallSite& site) override {
    BoundCall call = bind_recurrent(site, traits_, plan_,
                                    [this](const Tensor& x, const CallOptions& options) { return run(x, options); });
    call.stack = stack_;
    return call;
  }

 private:
  // Outputs are written at the steps of their inputs, where the next level and the mask have them. What a dead row
  // emits below the top is read by dead rows alone.
  NetworkSpec spec_of(const PlanRequest& request) const {
    NetworkSpec spec;
    for (const StackedCells& level : stack_.levels) {
      const bool is_top = &level == &stack_.levels.back();
      const auto rules = [&](bool backward) {
        RNNOptions options = stack_.options;
        options.go_backwards = backward;
        return (is_top ? rules_of(options) : TimeRules::keras(backward, true)).in_input_order();
      };
      NetworkLayer& layer = spec.layers.emplace_back();
      layer.forward = recurrence_of(*level.forward, request, rules(false));
      if (level.backward != nullptr) layer.backward = recurrence_of(*level.backward, request, rules(true));
    }
    return spec;
  }

  LayerResult run(const Tensor& x, const CallOptions& call) {
    const CheckedSequence sequence = check_call_inputs(x, call, false);
    check_fits_kernel(sequence.inputs, stack_.levels.front().forward->weights().kernel);
    const NetworkSpec spec = spec_of(request_of(call, sequence.sizes));
    NetworkTensors tensors{.x = with_packed_features(swap_layout(x, false))};
    if (call.mask) tensors.mask = time_major_mask("mask", *call.mask, sequence.sizes);
    tensors.layers.resize(spec.layers.size());
    const NetworkLayer& top = spec.layers.back();
    const auto last_output = [](const RecurrenceSpec& one) {
      return Tensor::empty({one.B, output_units(one.cell)}, one.dtype, one.device);
    };
    LayerTensors& written = tensors.layers.back();
    if (stack_.options.return_sequences) {
      tensors.y = swap_layout(empty_sequence(top.forward, sequence.sizes, output_features(top)), false);
    } else {
      written.forward.last_output = last_output(top.forward);
      if (top.backward) written.backward.last_output = last_output(*top.backward);
    }
    run_kept(networks_, weights_, spec, network_options(call.plan), tensors);
    if (tensors.y) return {swap_layout(*tensors.y, false), {}};
    if (!top.backward) return {*written.forward.last_output, {}};
    return {concat({*written.forward.last_output, *written.backward.last_output}), {}};
  }

  RecurrentStack stack_;
  PlanOptions plan_;
  RecurrentTraits traits_;
  std::vector<SharedNetworkWeights> weights_;
  KeptNetworks networks_;
};

}  // namespace

std::optional<RecurrentStack> stack_of(const RNN& layer, const CallSite& site) {
  if (layer.known_cells().empty()) return std::nullopt;
  std::optional<RecurrentStack> stack = stack_with(layer.options(), site);
  if (!stack) return std::nullopt;
  for (const KnownCell* cell : layer.known_cells()) stack->levels.push_back({.forward = cell});
  return stack;
}

std::optional<RecurrentStack> stack_of(const Bidirectional& layer, const CallSite& site) {
  const std::vector<const KnownCell*>& forward = layer.forward_layer().known_cells();
  const std::vector<const KnownCell*>& backward = layer.backward_layer().known_cells();
  const bool fits = layer.merge_mode() == MergeMode::concat && forward.size() == 1 && backward.size() == 1;
  if (!fits) return std::nullopt;
  RNNOptions options = layer.forward_layer().options();
  options.return_state = false;  // a Bidirectional always asks its own two for their states
  std::optional<RecurrentStack> stack = stack_with(options, site);
  if (stack) stack->levels = {{.forward = forward.front(), .backward = backward.front()}};
  return stack;
}

std::optional<RecurrentStack> joined_stack(const RecurrentStack& lower, const RecurrentStack& upper) {
  if (!lower.options.return_sequences || lower.masked != upper.masked) return std::nullopt;
  RecurrentStack stack = upper;
  stack.levels.insert(stack.levels.begin(), lower.levels.begin(), lower.levels.end());
  return stack;
}

std::unique_ptr<ModelLayer> stack_layer(const RecurrentStack& stack, const PlanOptions& plan) {
  const bool forward_alone = std::all_of(stack.levels.begin(), stack.levels.end(),
                                         [](const StackedCells& level) { return level.backward == nullptr; });
  if (!forward_alone) return std::make_unique<StackLayer>(stack, plan);
  std::vector<std::shared_ptr<Cell>> cells;
  for (const StackedCells& level : stack.levels) {
    cells.push_back(std::make_shared<KnownCell>(level.forward->spec(), level.forward->weights()));
  }
  return recurrent_layer(std::make_unique<RNN>(std::move(cells), stack.options), plan);
}

}  // namespace rondo
