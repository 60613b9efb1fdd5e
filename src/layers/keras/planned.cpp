// The planned path: a known cell, or a stack of them, handed to an executor as whole sequences.

#include "layers/loop/sequence_arguments.h"
#include "plan/unattended.h"
#include "rondo/keras/layers.h"
#include "rondo/ops/ops.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// Initial states of one cell of a stack, as separate tensors.
std::vector<Tensor> state_tensors(const Nest& entry) {
  std::vector<Tensor> tensors;
  for (const Tensor& leaf : entry.flatten()) tensors.push_back(with_packed_features(leaf));
  return tensors;
}

// What a cell below the top of a stack hands up: all its outputs, in the layout that is read without a jump.
constexpr RNNOptions kBelowTheTop{.return_sequences = true, .time_major = true};

// Memory for what one cell writes: its final states, and its outputs or the last of them, in the caller's layout.
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

std::vector<const KnownCell*> RNN::known_cells() const {
  if (const auto* known = dynamic_cast<const KnownCell*>(cell_.get())) return {known};
  const auto* stack = dynamic_cast<const StackedRNNCells*>(cell_.get());
  if (stack == nullptr) return {};
  std::vector<const KnownCell*> cells;
  for (const auto& cell : stack->cells()) {
    cells.push_back(dynamic_cast<const KnownCell*>(cell.get()));
    if (cells.back() == nullptr) return {};
  }
  return cells;
}

std::vector<RecurrenceSpec> RNN::specs(const PlanRequest& request) const {
  std::vector<RecurrenceSpec> specs;
  for (const KnownCell* cell : known_cells()) {
    const Tensor& kernel = cell->weights().kernel;
    specs.push_back({.cell = cell->spec(),
                     .T = request.T,
                     .B = request.B,
                     .I = kernel.size(0),
                     .dtype = kernel.dtype(),
                     .device = kernel.device(),
                     .read_order = options_.go_backwards ? ReadOrder::reversed : ReadOrder::forward,
                     // Below the top of a stack outputs go back to where their input was, so that the next cell reads
                     // them, and the mask, in the same order.
                     .write_order = WriteOrder::input,
                     .dead_output = DeadOutput::zeros,
                     .has_mask = request.masked});
  }
  if (specs.empty()) return specs;
  specs.back().write_order = WriteOrder::processing;
  const bool zeros = options_.zero_output_for_mask && options_.return_sequences;
  specs.back().dead_output = zeros ? DeadOutput::zeros : DeadOutput::previous_output;
  return specs;
}

std::vector<Plan> RNN::plans(const PlanRequest& request) const {
  std::vector<Plan> plans;
  for (const RecurrenceSpec& spec : specs(request)) {
    plans.push_back(Plan::create(spec, unattended(request.plan, current_stream(spec.device))));
  }
  return plans;
}

LayerResult RNN::run_planned(const Nest& inputs, const CallOptions& call, const States& initial,
                             const std::vector<DropoutMasks>& masks) const {
  const std::vector<const KnownCell*> cells = known_cells();
  check_fits_kernel(inputs, cells[0]->weights().kernel);
  const SequenceSizes sizes = check_inputs(inputs, options_.time_major);
  const bool stacked = dynamic_cast<const StackedRNNCells*>(cell_.get()) != nullptr;
  const std::vector<Plan> cell_plans =
      plans({.B = sizes.B, .T = sizes.T, .masked = call.mask.has_value(), .plan = call.plan});
  SessionTensors tensors{.x = with_packed_features(swap_layout(inputs.leaf(), options_.time_major))};
  if (call.mask) tensors.mask = time_major_mask(*call.mask, sizes);
  LayerResult result;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const bool top = k + 1 == cells.size();
    // One mask for all gates and time steps: the inputs are multiplied with it.
    if (!masks.empty() && !masks[k].inputs.empty()) tensors.x = mul(tensors.x, masks[k].inputs[0]);
    tensors.initial_state = state_tensors(stacked ? initial[k] : Nest::tuple(initial));
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
