// The gradients of a network's run, from the last layer down.

#include "plan/network/network_lanes.h"
#include "plan/network/network_stages.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

void check_gradients(const NetworkSpec& spec, const NetworkGradients& gradients) {
  const std::size_t given = gradients.layers.size();
  if (given != 0 && given != spec.layers.size()) {
    throw ValueError("gradients.layers", std::to_string(given) + " of them",
                     "none, or " + std::to_string(spec.layers.size()) + ", as planned");
  }
  const auto check_last_axis = [&](const char* name, const std::optional<Tensor>& tensor, std::int64_t features) {
    const bool fits = !tensor || (tensor->defined() && tensor->rank() > 0 && tensor->size(-1) == features);
    if (!fits) throw ValueError(name, describe(*tensor), std::to_string(features) + " features on the last axis");
  };
  check_last_axis("gradients.y", gradients.y, output_features(spec.layers.back()));
  check_last_axis("gradients.x", gradients.x, spec.layers.front().forward.I);
}

}  // namespace

/// The tensors of a lane's run over all steps.
SessionTensors NetworkLanes::whole_run(const Lane& lane, const NetworkTensors& tensors) const {
  const LaneTensors of_lane = lane_tensors(lane, tensors);
  return chunk_tensors(of_lane, tensors, {0, of_lane.spec.T});
}

SessionGradients NetworkLanes::lane_gradients(const Lane& lane, const NetworkTensors& run,
                                              const NetworkGradients& gradients) const {
  static const DirectionGradients nothing;
  const std::size_t k = lane.plan->layer;
  const DirectionGradients* given = &nothing;
  if (!gradients.layers.empty()) {
    const NetworkLayerGradients& layer = gradients.layers[k];
    given = lane.plan->direction == Direction::forward ? &layer.forward : &layer.backward;
  }
  const bool packed = plan_.spec().layers[k].forward.packed;
  const auto gradient_of = [&](std::size_t layer) {
    return packed ? sequences_[layer].slice(0, 0, run.x.size(0)) : sequences_[layer];
  };
  std::optional<Tensor> y = gradients.y;
  if (k + 1 < plan_.spec().layers.size()) y = gradient_of(k);
  if (y) y = direction_of(lane, *y);
  return {.y = y,
          .last_output = given->last_output,
          .final_state = given->final_state,
          .x = k == 0 ? gradients.x : gradient_of(k - 1),
          .initial_state = given->initial_state,
          .reset_state = given->reset_state,
          .weights = given->weights,
          .accumulate_weights = gradients.accumulate_weights};
}

/// Calls `visit(lane, is_second)` for all lanes, from the last stage down. The second direction of a layer adds its
/// gradient of the layer's input to that of the first.
template <typename Visit>
void NetworkLanes::for_each_backward(const Visit& visit) {
  std::size_t layer_before = plan_.spec().layers.size();
  for (auto lanes = stages_.rbegin(); lanes != stages_.rend();
       ++lanes) {  // clang 14 cannot compile std::views::reverse
    for (Lane& lane : *lanes) {
      visit(lane, lane.plan->layer == layer_before);
      layer_before = lane.plan->layer;
    }
  }
}

/// Queues the copy of a layer's outputs from a reserve in the host's memory.
void NetworkLanes::fetch_sequence(std::size_t layer, const NetworkTensors& tensors) const {
  swap_->fetch(layer, reserve_.layers[layer].sequence, *tensors.reserve);
}

// Gradients run one recurrence after the other: each waits for the one before. A layer also waits for the copy of the
// sequence that it reads, and the next copy then is beside the layer.
void NetworkLanes::queue_backward(const NetworkTensors& run, const NetworkGradients& gradients, Stream from) {
  check_gradients(plan_.spec(), gradients);
  if (run.reserve) reserve_ = network_reserve(plan_.spec(), run.x);
  for_each_backward([&](Lane& lane, bool) {
    try {
      lane.session->check_backward(whole_run(lane, run), lane_gradients(lane, run, gradients));
    } catch (const ValueError& error) {
      throw ValueError(name_of(lane.plan->layer, lane.plan->direction) + ": " + error.what());
    }
  });
  Stream before = from;
  if (swap_) {
    swap_->begin_behind(from);
    fetch_sequence(sequences_.size() - 1, run);
  }
  for_each_backward([&](Lane& lane, bool is_second) {
    make_wait(lane.stream, before);
    if (swap_ && !is_second) {
      swap_->join(lane.stream);
      const std::size_t layer = lane.plan->layer;
      if (layer >= 2) fetch_sequence(layer - 2, run);
    }
    SessionGradients of_lane = lane_gradients(lane, run, gradients);
    of_lane.accumulate_x = is_second;
    lane.session->backward(whole_run(lane, run), of_lane);
    before = lane.stream;
  });
  make_wait(from, before);
}

}  // namespace rondo
