// dynamic_rnn for cells that are called at every step.

#include "layers/loop/packed_states.h"
#include "layers/loop/step_loop.h"
#include "layers/tf1/v1_sequence.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo::v1 {

void check_cell_state(const std::string& name, const Nest& state, const SizeNest& state_size, std::int64_t B,
                      Device device) {
  if (!state.same_structure(state_size)) {
    throw ValueError(name, "the structure " + state.structure(), state_size.structure());
  }
  const std::vector<Shape> sizes = state_size.flatten();
  const std::vector<Tensor> leaves = state.flatten();
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    const bool has_rows = !leaves[k].defined() || leaves[k].rank() > 0;
    check_tensor(leaves[k], {.name = name, .shape = has_rows ? sizes[k].insert(0, B) : Shape{}, .device = device});
  }
}

Nest zeros_of(const SizeNest& size, std::int64_t B, DType dtype, Device device) {
  return size.map([&](const Shape& shape) { return Tensor::zeros(shape.insert(0, B), dtype, device); });
}

DynamicRnnResult run_called(Cell& cell, const Sequence& sequence) {
  const SequenceSizes& sizes = sequence.sizes();
  const SizeNest state_size = cell.state_size();
  const Nest output = zeros_of(cell.output_size(), sizes.B, sequence.dtype, sizes.device);
  const StepFunction step = [&](const Nest& x, const States& states, const Constants&) {
    StepResult result = cell.call(x, states, {.plan = sequence.plan});
    check_states("cell: output", {result.output}, {output});
    return result;
  };
  RnnResult result = run_loop(step, sequence.checked, unpack_states(state_size, sequence.state),
                              {.rules = sequence.rules, .lengths = sequence.lengths, .output = output});
  return {std::move(result.outputs), pack_states(state_size, std::move(result.new_states))};
}

}  // namespace rondo::v1
