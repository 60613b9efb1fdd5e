// The planned path: an executor runs a known cell, or each cell of a stack, over the whole sequence.

#include "layers/keras/layer_call.h"
#include "plan/unattended.h"
#include "rondo/ops/ops.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// The initial states of one cell, as separate tensors.
std::vector<Tensor> state_tensors(const Nest& entry) {
  std::vector<Tensor> tensors;
  for (const Tensor& leaf : entry.flatten()) tensors.push_back(with_packed_features(leaf));
  return tensors;
}

// A cell below the top of a stack returns all its outputs, time-major, so that the next cell reads them contiguously.
constexpr RNNOptions kBelowTheTop{.return_sequences = true, .time_major = true};

// Allocates what one cell writes: its final states, and all outputs or the last one, in the layout of `options`.
void allocate_results(SessionTensors& tensors, const RecurrenceSpec& spec, const RNNOptions& options) {
  const std::int64_t features = output_units(spec.cell);
  const auto rows = [&](std::int64_t units) { return Tensor::empty({spec.B, units}, spec.dtype, spec.device); };
  tensors.final_state.clear();
  for (int state = 0; state < state_count(spec.cell.kind); ++state) {
    tensors.final_state.push_back(rows(state_units(spec.cell, state)));
  }
  tensors.y.reset();
  tensors.last_output.reset();
  if (options.return_sequences) {
    const Shape shape = options.time_major ? Shape{spec.T, spec.B, features} : Shape{spec.B, spec.T, features};
    tensors.y = swap_layout(Tensor::empty(shape, spec.dtype, spec.device), options.time_major);
  } else {
    tensors.last_output = rows(features);
  }
}

}  // namespace

// Below the top of a stack outputs are written at the steps of their inputs, so that the next cell reads outputs and
// mask in the same order. Only a dead row of the next cell reads the output of a dead row.
std::vector<RecurrenceSpec> RNN::specs(const PlanRequest& request, const TimeRules& rules) const {
  const TimeRules below_the_top = TimeRules::keras(options_.go_backwards, true).in_input_order();
  std::vector<RecurrenceSpec> specs;
  for (const KnownCell* cell : known_cells()) {
    const Tensor& kernel = cell->weights().kernel;
    specs.push_back({.cell = cell->spec(),
                     .T = request.T,
                     .B = request.B,
                     .I = kernel.size(0),
                     .dtype = kernel.dtype(),
                     .device = kernel.device(),
                     .rules = below_the_top,
                     .has_mask = request.masked,
                     .has_lengths = request.has_lengths});
  }
  if (!specs.empty()) specs.back().rules = rules;
  return specs;
}

std::vector<Plan> RNN::plans(const PlanRequest& request) const { return plans(request, rules_of(options_)); }

std::vector<Plan> RNN::plans(const PlanRequest& request, const TimeRules& rules) const {
  std::vector<Plan> plans;
  for (const RecurrenceSpec& spec : specs(request, rules)) {
    plans.push_back(Plan::create(spec, unattended(request.plan, current_stream(spec.device))));
  }
  return plans;
}

LayerResult RNN::run_planned(const Call& call) const {
  const Nest& inputs = call.sequence.inputs;
  const SequenceSizes& sizes = call.sequence.sizes;
  const CallOptions& options = call.options;
  const std::vector<const KnownCell*> cells = known_cells();
  check_fits_kernel(inputs, cells[0]->weights().kernel);
  const bool stacked = dynamic_cast<const StackedRNNCells*>(cell_.get()) != nullptr;
  const std::vector<Plan> cell_plans = plans(request_of(options, sizes), call.rules);
  SessionTensors tensors{.x = with_packed_features(swap_layout(inputs.leaf(), options_.time_major)),
                         .lengths = options.lengths};
  if (options.mask) tensors.mask = time_major_mask(*options.mask, sizes);
  LayerResult result;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const bool top = k + 1 == cells.size();
    // One mask is for all gates and time steps, so the inputs are multiplied by the mask.
    if (!call.masks.empty() && !call.masks[k].inputs.empty()) tensors.x = mul(tensors.x, call.masks[k].inputs[0]);
    tensors.initial_state = state_tensors(stacked ? call.initial[k] : Nest::tuple(call.initial));
    allocate_results(tensors, cell_plans[k].spec(), top ? options_ : kBelowTheTop);
    Session session(cell_plans[k], cells[k]->weights(), current_stream(sizes.device));
    run_unattended(session, tensors);
    const States states(tensors.final_state.begin(), tensors.final_state.end());
    if (!stacked) {
      result.states = states;
    } else {
      result.states.push_back(states.size() == 1 ? states[0] : Nest::tuple(states));
    }
    if (!top) tensors.x = *tensors.y;
  }
  result.output = options_.return_sequences ? swap_layout(*tensors.y, options_.time_major) : *tensors.last_output;
  return result;
}

}  // namespace rondo
