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
  std::vector<const Shape*> sizes;
  state_size.visit([&](const Shape& size) { sizes.push_back(&size); });
  std::size_t next = 0;
  state.visit([&](const Tensor& leaf) {
    const Shape& size = *sizes[next++];
    const bool has_rows = !leaf.defined() || leaf.rank() > 0;
    const Shape shape = has_rows ? size.insert(0, B) : Shape{};
    const bool fits = leaf.defined() && leaf.shape() == shape && leaf.device() == device;
    if (!fits) check_tensor(leaf, {.name = name, .shape = shape, .device = device});
  });
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
  RnnResult result = run_loop(step, sequence.checked, unpack_states(state_size, sequence.state()),
                              {.rules = sequence.rules, .lengths = sequence.lengths, .output = output});
  return {std::move(result.outputs), pack_states(state_size, std::move(result.new_states))};
}

}  // namespace rondo::v1
