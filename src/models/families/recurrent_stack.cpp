#include "models/families/stacked_directions.h"

#include <algorithm>
#include <utility>

#include "layers/keras/kept_cell.h"
#include "layers/keras/layer_call.h"
#include "models/families/recurrent.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

const KnownCell& cell_of(const RNN& layer) { return *layer.known_cells().front(); }

/// The options of a layer that returns no states: a Bidirectional always asks its own two for theirs.
RNNOptions options_without_states(const Bidirectional& layer) {
  RNNOptions options = layer.forward_layer().options();
  options.return_state = false;
  return options;
}

class StackedDirections final : public ModelLayer {
 public:
  StackedDirections(std::vector<const Bidirectional*> layers, int threads)
      : layers_(std::move(layers)), threads_(threads) {
    const RNN& bottom = layers_.front()->forward_layer();
    const RNN& top = layers_.back()->forward_layer();
    add_cells(traits_, bottom);  // the features of inputs, and the dtype
    traits_.options = options_without_states(*layers_.back());
    traits_.outputs = {
        {output_units(cell_of(top).spec()) + output_units(cell_of(layers_.back()->backward_layer()).spec())}};
    for (const Bidirectional* layer : layers_) {
      weights_.push_back({.forward = KeptCell::weights(cell_of(layer->forward_layer())),
                          .backward = KeptCell::weights(cell_of(layer->backward_layer()))});
    }
  }

  BoundCall bind(const CallSite& site) override {
    BoundCall call = bind_recurrent(site, traits_, threads_,
                                    [this](const Tensor& x, const CallOptions& options) { return run(x, options); });
    call.both_directions = layers_;
    return call;
  }

 private:
  NetworkSpec spec_of(const PlanRequest& request) const {
    const auto direction = [&](const RNN& one) {
      return recurrence_of(cell_of(one), request, rules_of(one.options()).in_input_order());
    };
    NetworkSpec spec;
    for (const Bidirectional* layer : layers_) {
      spec.layers.push_back({direction(layer->forward_layer()), direction(layer->backward_layer())});
    }
    return spec;
  }

  LayerResult run(const Tensor& x, const CallOptions& call) {
    const CheckedSequence sequence = check_call_inputs(x, call, false);
    check_fits_kernel(sequence.inputs, cell_of(layers_.front()->forward_layer()).weights().kernel);
    const NetworkSpec spec = spec_of(request_of(call, sequence.sizes));
    NetworkTensors tensors{.x = with_packed_features(swap_layout(x, false))};
    if (call.mask) tensors.mask = time_major_mask("mask", *call.mask, sequence.sizes);
    tensors.layers.resize(layers_.size());
    const NetworkLayer& top = spec.layers.back();
    LayerTensors& written = tensors.layers.back();
    if (traits_.options.return_sequences) {
      tensors.y = swap_layout(empty_sequence(top.forward, sequence.sizes, output_features(top)), false);
    } else {
      for (const auto& [tensor, one] :
           {std::pair(&written.forward, &top.forward), {&written.backward, &*top.backward}}) {
        tensor->last_output = Tensor::empty({one->B, output_units(one->cell)}, one->dtype, one->device);
      }
    }
    run_kept(networks_, weights_, spec, network_options(call.plan), tensors);
    if (tensors.y) return {swap_layout(*tensors.y, false), {}};
    return {concat({*written.forward.last_output, *written.backward.last_output}), {}};
  }

  std::vector<const Bidirectional*> layers_;
  int threads_;
  RecurrentTraits traits_;
  std::vector<SharedNetworkWeights> weights_;
  KeptNetworks networks_;
};

}  // namespace

bool stacks(const Bidirectional& layer) {
  const RNN& forward = layer.forward_layer();
  const RNN& backward = layer.backward_layer();
  return is_plain_layer(options_without_states(layer)) && layer.merge_mode() == MergeMode::concat &&
         forward.known_cells().size() == 1 && backward.known_cells().size() == 1;
}

std::unique_ptr<ModelLayer> stacked_directions(std::vector<const Bidirectional*> layers, int threads) {
  return std::make_unique<StackedDirections>(std::move(layers), threads);
}

}  // namespace rondo
