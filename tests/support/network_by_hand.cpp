// Runs a network as Sessions one after the other.

#include <algorithm>
#include <limits>

#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "support/random_network.h"

namespace rondo::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const NetworkLane& lane_of(const NetworkPlan& plan, std::size_t layer, Direction direction, std::int64_t& steps) {
  for (const NetworkStage& stage : plan.stages()) {
    for (const NetworkLane& lane : stage.lanes) {
      if (lane.layer != layer || lane.direction != direction) continue;
      steps = stage.chunk_steps;
      return lane;
    }
  }
  throw ValueError("a recurrence that is in no stage");
}

/// Runs one recurrence after the other.
class ByHand {
 public:
  ByHand(const RandomNetwork& network, const NetworkPlan& plan)
      : network_(network), plan_(plan), tensors_(with_outputs(network)), sequence_(tensors_.x) {}

  std::map<std::string, Tensor> run() {
    for (std::size_t k = 0; k < network_.spec.layers.size(); ++k) run_layer(k);
    if (tensors_.y) tensors_.y->copy_from(sequence_);
    return take_outputs(tensors_);
  }

 private:
  void run_layer(std::size_t k) {
    const NetworkLayer& layer = network_.spec.layers[k];
    const RecurrenceSpec& spec = layer.forward;
    const Tensor forward = run_direction(k, Direction::forward, spec);
    if (!layer.backward) {
      sequence_ = forward;
      return;
    }
    const Tensor backward = run_direction(k, Direction::backward, *layer.backward);
    const std::int64_t features = output_features(layer);
    sequence_ = Tensor::full({spec.T, spec.B, features}, kNaN, spec.dtype, spec.device);
    sequence_.slice(2, 0, output_units(spec.cell)).copy_from(forward);
    sequence_.slice(2, output_units(spec.cell), features).copy_from(backward);
  }

  Tensor run_direction(std::size_t k, Direction direction, const RecurrenceSpec& spec) {
    const RecurrentWeights& weights =
        direction == Direction::forward ? network_.weights[k].forward : *network_.weights[k].backward;
    DirectionTensors& given =
        direction == Direction::forward ? tensors_.layers[k].forward : tensors_.layers[k].backward;
    std::int64_t steps = 0;
    const NetworkLane& lane = lane_of(plan_, k, direction, steps);
    const Tensor y = Tensor::full({spec.T, spec.B, output_units(spec.cell)}, kNaN, spec.dtype, spec.device);
    std::vector<Tensor> states = given.initial_state;
    std::int64_t begin = 0;
    do {
      const std::int64_t end = std::min(begin + steps, spec.T);
      SessionTensors part{.x = sequence_.slice(0, begin, end), .initial_state = states, .y = y.slice(0, begin, end)};
      if (spec.has_mask) part.mask = tensors_.mask->slice(0, begin, end);
      if (spec.has_lengths) part.lengths = tensors_.lengths;
      if (spec.has_resets) part.resets = tensors_.resets->slice(0, begin, end);
      part.reset_state = given.reset_state;
      for (int state = 0; state < state_count(spec.cell.kind); ++state) {
        part.final_state.push_back(
            Tensor::full({spec.B, state_units(spec.cell, state)}, kNaN, spec.dtype, spec.device));
      }
      if (end == spec.T) part.last_output = given.last_output;
      Session(end - begin == steps ? lane.plan : *lane.tail, weights, current_stream(spec.device)).run(part);
      states = part.final_state;
      begin = end;
    } while (begin < spec.T);
    for (std::size_t state = 0; state < given.final_state.size(); ++state) {
      given.final_state[state].copy_from(states[state]);
    }
    return y;
  }

  const RandomNetwork& network_;
  const NetworkPlan& plan_;
  NetworkTensors tensors_;
  Tensor sequence_;
};

}  // namespace

std::map<std::string, Tensor> run_by_hand(const RandomNetwork& network, const NetworkPlan& plan) {
  return ByHand(network, plan).run();
}

}  // namespace rondo::test
