#include "models/families/recurrent_stream.h"

#include <utility>

#include "layers/keras/kept_cell.h"
#include "layers/keras/layer_call.h"
#include "layers/loop/packed_states.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// One cell of the layer: its session for steps, and its states, which runs overwrite.
struct StreamedCell {
  Session session;
  std::vector<Tensor> states;
};

class RecurrentStream final : public StreamedCall {
 public:
  RecurrentStream(const RNN& rnn, RecurrentStreamOptions options) : rnn_(rnn), options_(std::move(options)) {}

  void step(std::span<const MaskedTensor> inputs, std::span<MaskedTensor> outputs) override {
    const Tensor x = with_packed_features(inputs[0].value.to(dtype()));
    if (cells_.empty()) begin(x.size(0), inputs);
    if (x.size(0) != B_) {
      throw ValueError("inputs", "a batch of " + std::to_string(x.size(0)),
                       std::to_string(B_) + ", as in earlier steps");
    }
    Tensor output = run(x.swap_axes(0, 1), options_.mask.of(inputs));
    const bool sequences = rnn_.options().return_sequences;
    outputs[0] = {sequences ? output.insert_axis(1) : output, sequences ? options_.passed.of(inputs) : Tensor()};
    if (!rnn_.options().return_state) return;
    std::size_t next = 1;
    for (const StreamedCell& cell : cells_) {
      for (const Tensor& state : cell.states) outputs[next++] = {state.clone()};
    }
  }

  void reset() override { cells_.clear(); }

  std::vector<Tensor> states() const override {
    std::vector<Tensor> states;
    for (const StreamedCell& cell : cells_) states.insert(states.end(), cell.states.begin(), cell.states.end());
    if (!cells_.empty() && held_.defined()) states.push_back(held_);
    return states;
  }

 private:
  DType dtype() const { return rnn_.known_cells()[0]->weights().kernel.dtype(); }

  void begin(std::int64_t B, std::span<const MaskedTensor> inputs) {
    B_ = B;
    std::vector<StreamedCell> cells;
    std::size_t next = 0;
    PlanOptions plan_options = options_.plan;
    plan_options.never_waits = true;  // a step overwrites its initial states, and could not be repeated after a stall
    for (const KnownCell* cell : rnn_.known_cells()) {
      const PlanRequest request{.B = B, .T = 1, .masked = static_cast<bool>(options_.mask)};
      const RecurrenceSpec spec = recurrence_of(*cell, request, TimeRules::keras(false, false));
      const Plan plan = Plan::create(spec, plan_options);
      StreamedCell& added = cells.emplace_back(StreamedCell{Session(plan, KeptCell::weights(*cell)), {}});
      for (int state = 0; state < state_count(spec.cell.kind); ++state) {
        const bool given = !options_.initial_states.empty();
        added.states.push_back(
            given ? inputs[static_cast<std::size_t>(options_.initial_states[next++])].value.to(spec.dtype).clone()
                  : Tensor::zeros({B, state_units(spec.cell, state)}, spec.dtype, spec.device));
      }
    }
    cells_ = std::move(cells);
    const CellSpec& top = rnn_.known_cells().back()->spec();
    held_ = options_.mask ? Tensor::zeros({B, output_units(top)}, dtype(), cells_[0].states[0].device()) : Tensor();
  }

  Tensor run(Tensor frame, const Tensor& mask) {
    Tensor output;
    SessionTensors tensors;
    if (mask.defined()) tensors.mask = (mask.rank() == 3 ? mask.erase_axis(2) : mask).swap_axes(0, 1).contiguous();
    for (StreamedCell& cell : cells_) {
      const RecurrenceSpec& spec = cell.session.plan().spec();
      output = Tensor::empty({B_, output_units(spec.cell)}, spec.dtype, spec.device);
      tensors.x = std::move(frame);
      tensors.initial_state = cell.states;
      tensors.final_state = cell.states;
      tensors.last_output = output;
      cell.session.run(tensors);
      frame = output.insert_axis(0);
    }
    if (!mask.defined()) return output;
    const Tensor live = tensors.mask->swap_axes(0, 1);
    const bool zeros = rnn_.options().zero_output_for_mask && rnn_.options().return_sequences;
    held_.copy_from(where(live, output, zeros ? zeros_like(held_) : held_));
    return held_.clone();
  }

  const RNN& rnn_;
  RecurrentStreamOptions options_;
  std::vector<StreamedCell> cells_;
  std::int64_t B_ = 0;
  Tensor held_;  ///< the last output of each row; only with a mask
};

}  // namespace

std::unique_ptr<StreamedCall> make_recurrent_stream(const RNN& rnn, const RecurrentStreamOptions& options) {
  return std::make_unique<RecurrentStream>(rnn, options);
}

}  // namespace rondo
