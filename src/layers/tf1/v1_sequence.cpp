// dynamic_rnn for cells that run over whole sequences, in chunks of time.

#include "layers/tf1/v1_sequence.h"

#include <algorithm>

#include "layers/keras/cell_tape.h"
#include "layers/tf1/v1_pullback.h"
#include "layers/tf1/v1_state_forms.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo::v1 {
namespace {

/// Input steps [begin, end), and the lengths of the rows counted from `begin`.
struct Chunk {
  std::int64_t begin;
  std::int64_t end;
  Tensor lengths;  // undefined: every row has all steps of the chunk

  std::int64_t steps() const { return end - begin; }
  Tensor of(const Tensor& sequence) const {
    return begin == 0 && end == sequence.size(0) ? sequence : sequence.slice(0, begin, end);
  }
};

// Rows that are reversed within their lengths cannot be cut into chunks of the input. Rows reversed as a whole give the
// same results: a row is dead until its own last step, and keeps its initial state until then. Only a state without
// rows would differ, and no planned cell has one.
TimeRules rules_of_chunks(TimeRules rules) {
  if (rules.read == ReadOrder::reversed_within_length) rules.read = ReadOrder::reversed;
  return rules;
}

// Calls `run(chunk)` for the chunks of a sequence in processing order.
template <typename Run>
void for_each_chunk(const Sequence& sequence, const Run& run) {
  const std::int64_t T = sequence.sizes().T;
  for (std::int64_t s = 0; s < T; s += sequence.chunk) {
    const std::int64_t steps = std::min(sequence.chunk, T - s);
    const std::int64_t begin = sequence.rules.reads_forward() ? s : T - s - steps;
    Chunk chunk{begin, begin + steps, {}};
    if (sequence.lengths.defined()) {
      const Tensor from_begin = add(sequence.lengths, -static_cast<double>(begin));
      chunk.lengths = clip(from_begin, 0, static_cast<double>(steps));
    }
    run(chunk);
  }
}

// Runs a cell over x (T, B, I) and writes y (T, B, H). Returns the final state. Where gradients are wanted, the only
// chunk is the whole sequence, also one without steps, and `tapes` gets its run.
Nest run_planned(const SequenceCell& cell, const Tensor& x, const Tensor& y, const Nest& initial,
                 const Sequence& sequence, std::vector<CellTape>& tapes) {
  RecurrenceSpec spec{.cell = cell.known->spec(),
                      .B = x.size(1),
                      .I = x.size(2),
                      .dtype = x.dtype(),
                      .device = x.device(),
                      .rules = rules_of_chunks(sequence.rules),
                      .has_lengths = sequence.lengths.defined(),
                      .keep = sequence.gradients ? Keep::gates : Keep::nothing,
                      .swap_memory = sequence.gradients && sequence.swap_memory};
  std::vector<Tensor> states = keras_states(cell, initial);
  for (Tensor& state : states) {
    if (state.size(-1) > 1 && state.stride(-1) != 1) state = state.clone();
  }
  const auto run = [&](const Chunk& chunk) {
    spec.T = chunk.steps();
    SessionTensors tensors{.x = chunk.of(x), .initial_state = std::move(states), .y = chunk.of(y)};
    if (chunk.lengths.defined()) tensors.lengths = chunk.lengths;
    tensors.final_state.reserve(tensors.initial_state.size());
    for (const Tensor& state : tensors.initial_state) {
      tensors.final_state.push_back(Tensor::empty(state.shape(), state.dtype(), state.device()));
    }
    if (sequence.gradients) {
      tapes.emplace_back(*cell.known, spec, sequence.plan, tensors);
    } else {
      KeptCell::run(*cell.known, spec, sequence.plan, tensors);
    }
    states = std::move(tensors.final_state);
  };
  if (sequence.gradients) {
    run({0, sequence.sizes().T, sequence.lengths});
  } else {
    for_each_chunk(sequence, run);
  }
  return cell_state(cell, states);
}

void check_dtype_of_weights(const Sequence& sequence, const Tensor& kernel) {
  const auto expected = [&] { return to_string(kernel.dtype()) + ", the dtype of the weights"; };
  if (sequence.dtype_given && sequence.dtype != kernel.dtype()) {
    throw ValueError("dtype", to_string(sequence.dtype), expected());
  }
  sequence.state().visit([&](const Tensor& leaf) {
    if (leaf.dtype() != kernel.dtype()) throw ValueError(sequence.state_name, describe(leaf), expected());
  });
}

void check_cells(std::span<const SequenceCell> cells, const Sequence& sequence) {
  if (!sequence.inputs().is_leaf()) {
    throw ValueError("inputs", "the structure " + sequence.inputs().structure(), "one tensor, as the cell takes");
  }
  const Tensor& first = cells[0].input_kernel();
  check_fits_kernel(sequence.inputs(), first);
  check_dtype_of_weights(sequence, first);
  for (std::size_t k = 1; k < cells.size(); ++k) {
    const Tensor& kernel = cells[k].input_kernel();
    const std::int64_t width = cells[k - 1].cell->output_size().leaf()[0];
    if (kernel.size(0) == width && kernel.dtype() == first.dtype() && kernel.device() == first.device()) continue;
    throw ValueError("cells[" + std::to_string(k) + "]",
                     "inputs for the kernel " + describe(kernel) + " on " + to_string(kernel.device()),
                     to_string(first.dtype()) + " of width " + std::to_string(width) + " on " +
                         to_string(first.device()) + ", the outputs of the cell below");
  }
}

}  // namespace

SequenceCell sequence_cell(const Cell& cell) {
  SequenceCell result{.cell = &cell, .known = dynamic_cast<const KnownCell*>(&cell)};
  if (result.known != nullptr) return result;
  result.lstm = dynamic_cast<const LSTMCell*>(&cell);
  if (const auto* of_v1 = dynamic_cast<const RNNCell*>(&cell)) result.known = of_v1->known();
  return result;
}

std::vector<SequenceCell> sequence_cells(const Cell& cell) {
  std::vector<const Cell*> members{&cell};
  const auto take = [&](const std::vector<std::shared_ptr<Cell>>& cells) {
    members.clear();
    for (const auto& member : cells) members.push_back(member.get());
  };
  if (const auto* stack = dynamic_cast<const MultiRNNCell*>(&cell)) take(stack->cells());
  if (const auto* stack = dynamic_cast<const StackedRNNCells*>(&cell)) take(stack->cells());
  std::vector<SequenceCell> cells;
  for (const Cell* member : members) {
    cells.push_back(sequence_cell(*member));
    if (cells.back().known == nullptr) return {};
  }
  return cells;
}

DynamicRnnResult run_cells(const Cell& cell, std::span<const SequenceCell> cells, const Sequence& sequence) {
  check_cells(cells, sequence);
  const SequenceSizes& sizes = sequence.sizes();
  const bool given_time_major = sequence.checked.time_major();
  const bool is_stack = cells[0].cell != &cell;
  States states = is_stack ? states_of_cells(cell, sequence.state()) : States(1);
  Tensor x = with_packed_features(swap_layout(sequence.inputs(), given_time_major));
  std::vector<CellTape> tapes;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    // Below the top of a stack outputs are time-major, so that the next cell reads them contiguously.
    const bool time_major = given_time_major || k + 1 < cells.size();
    const Shape step{sizes.B, cells[k].cell->output_size().leaf()[0]};
    const Tensor memory =
        Tensor::empty(step.insert(time_major ? 0 : 1, sizes.T), cells[k].input_kernel().dtype(), sizes.device);
    const Tensor y = swap_layout(memory, time_major);
    states[k] = run_planned(cells[k], x, y, is_stack ? states[k] : sequence.state(), sequence, tapes);
    x = y;
  }
  DynamicRnnResult result{swap_layout(x, given_time_major),
                          is_stack ? state_of_stack(cell, states) : std::move(states[0])};
  if (sequence.gradients) result.pullback = pullback_of(sequence, cells, std::move(tapes), result);
  return result;
}

}  // namespace rondo::v1
