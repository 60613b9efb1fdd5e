// One time step of a layer, whose states the caller keeps.

#include "layers/keras/kept_cell.h"
#include "layers/keras/layer_call.h"
#include "layers/loop/packed_states.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// The states of one known cell as tensors that a run may read and overwrite.
std::vector<Tensor> tensors_in_place(const States& states, const std::string& name, const RecurrenceSpec& spec) {
  std::vector<Tensor> tensors;
  for (const Nest& state : states) {
    state.visit([&](const Tensor& leaf) { tensors.push_back(leaf); });
  }
  if (tensors.size() == static_cast<std::size_t>(state_count(spec.cell.kind))) return tensors;
  throw ValueError(name, std::to_string(tensors.size()) + " tensors", std::to_string(state_count(spec.cell.kind)));
}

void check_frame(const Nest& x, const Tensor& kernel) {
  const Tensor& frame = x.leaf();
  const bool fits = frame.defined() && frame.rank() == 2 && frame.size(1) == kernel.size(0) &&
                    frame.dtype() == kernel.dtype() && frame.device() == kernel.device();
  if (fits) return;
  throw ValueError("x", describe(frame),
                   to_string(kernel.dtype()) + "(B, " + std::to_string(kernel.size(0)) + ") on " +
                       to_string(kernel.device()) + ", to fit the weights");
}

Tensor first_leaf(const Nest& x) {
  const std::vector<Tensor> leaves = x.flatten();
  if (!leaves.empty() && leaves[0].defined() && leaves[0].rank() > 0) return leaves[0];
  throw ValueError("x", leaves.empty() ? "no tensor" : describe(leaves[0]), "at least one tensor, of shape (B, ...)");
}

}  // namespace

// A run that overwrites its initial states cannot be repeated after a stall, so no kernel is taken that may stall.
Nest RNN::step(const Nest& x, States& states, const PlanOptions& given) const {
  PlanOptions plan = given;
  plan.never_waits = true;
  if (known_cells().empty()) {
    const Tensor first = first_leaf(x);
    if (states.empty()) states = cell_->get_initial_state({x, first.size(0), first.dtype(), first.device()});
    StepResult result = cell_->call(x, states, {.plan = plan});
    states = std::move(result.states);
    return std::move(result.output);
  }
  check_frame(x, known_cells()[0]->weights().kernel);
  const Tensor frame = with_packed_features(x.leaf()).insert_axis(0);
  const PlanRequest request{.B = frame.size(1), .T = 1};
  if (states.empty()) states = cell_->get_initial_state({x, request.B, frame.dtype(), frame.device()});
  return known_cells().size() == 1 && dynamic_cast<const KnownCell*>(cell_.get()) != nullptr
             ? step_cell(frame, states, request, plan)
             : step_stack(frame, states, request, plan);
}

Tensor RNN::step_cell(const Tensor& frame, const States& states, const PlanRequest& request,
                      const PlanOptions& plan) const {
  const KnownCell& cell = *known_cells()[0];
  const RecurrenceSpec spec = recurrence_of(cell, request, TimeRules::keras(false, false));
  const std::vector<Tensor> in_place = tensors_in_place(states, "states", spec);
  SessionTensors tensors{.x = frame, .initial_state = in_place, .final_state = in_place};
  tensors.last_output = Tensor::empty({spec.B, output_units(spec.cell)}, spec.dtype, spec.device);
  KeptCell::run(cell, spec, plan, tensors);
  return *tensors.last_output;
}

Tensor RNN::step_stack(const Tensor& frame, const States& states, const PlanRequest& request,
                       const PlanOptions& plan) const {
  NetworkSpec network;
  std::vector<SharedNetworkWeights> weights;
  NetworkTensors tensors{.x = frame};
  check_state_count("states", states, known_cells().size());
  for (std::size_t k = 0; k < known_cells().size(); ++k) {
    const KnownCell& cell = *known_cells()[k];
    network.layers.push_back({.forward = recurrence_of(cell, request, TimeRules::keras(false, false))});
    weights.push_back({.forward = KeptCell::weights(cell)});
    DirectionTensors& layer = tensors.layers.emplace_back().forward;
    layer.initial_state = tensors_in_place({states[k]}, "states[" + std::to_string(k) + "]", network.layers[k].forward);
    layer.final_state = layer.initial_state;
  }
  const RecurrenceSpec& top = network.layers.back().forward;
  const Tensor output = Tensor::empty({top.B, output_units(top.cell)}, top.dtype, top.device);
  tensors.layers.back().forward.last_output = output;
  run_kept(keeper_->networks, weights, network, network_options(plan), tensors);
  return output;
}

}  // namespace rondo
