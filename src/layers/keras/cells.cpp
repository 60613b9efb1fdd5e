#include "rondo/keras/cells.h"

#include "layers/keras/dropout.h"
#include "layers/keras/kept_cell.h"
#include "rondo/ops/ops.h"
#include "rondo/plan/plan.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// Checks the inputs of one step of a known cell: one tensor (B, I) of the weights' dtype.
const Tensor& check_step_input(const Nest& inputs, const RecurrentWeights& weights) {
  const Tensor& x = inputs.leaf();
  const std::int64_t I = weights.kernel.size(0);
  if (x.rank() != 2 || x.size(1) != I || x.dtype() != weights.kernel.dtype()) {
    throw ValueError("inputs", describe(x), to_string(weights.kernel.dtype()) + "(B, " + std::to_string(I) + ")");
  }
  return x;
}

template <typename CellOptions>
DropoutOptions dropout_options(const CellOptions& options) {
  return {.dropout = options.dropout,
          .recurrent_dropout = options.recurrent_dropout,
          .implementation = options.implementation,
          .seed = options.seed};
}

}  // namespace

SizeNest Cell::output_size() const {
  const SizeNest states = state_size();
  return states.is_leaf() ? states : states[0];
}

void Cell::build(const SizeNest&) {}

States Cell::get_initial_state(const InitialStateRequest& request) const {
  const Nest zeros = state_size().map([&](const Shape& shape) {
    return Tensor::zeros(shape.insert(0, request.batch_size), request.dtype, request.device);
  });
  return zeros.is_leaf() ? States{zeros} : zeros.children();
}

KnownCell::KnownCell(const CellSpec& spec, RecurrentWeights weights, const DropoutOptions& dropout)
    : spec_(spec), weights_(std::move(weights)), dropout_(checked_dropout(dropout)) {
  check_weights(spec_, weights_);
  kept_ = std::make_shared<Kept>(weights_);
}

void KnownCell::set_weights(const std::vector<Tensor>& weights) {
  std::size_t expected = 2;
  for (const bool has : {spec_.use_bias, spec_.use_peepholes, spec_.projection_units.has_value()}) {
    if (has) ++expected;
  }
  if (weights.size() != expected) {
    throw ValueError("weights", std::to_string(weights.size()) + " tensors", std::to_string(expected));
  }
  std::size_t next = 2;
  const auto optional = [&](bool has) { return has ? std::optional(weights[next++]) : std::nullopt; };
  // Braces evaluate their initialisers in order, so each call of `optional` takes the next weight.
  RecurrentWeights fresh{.kernel = weights[0],
                         .recurrent_kernel = weights[1],
                         .bias = optional(spec_.use_bias),
                         .peepholes = optional(spec_.use_peepholes),
                         .projection = optional(spec_.projection_units.has_value())};
  check_weights(spec_, fresh);
  weights_ = std::move(fresh);
  kept_ = std::make_shared<Kept>(weights_);
}

void KnownCell::reload_weights() { kept_->weights.reload(); }
SessionStatus KnownCell::finish() const { return finish_kept(kept_->sessions); }

SizeNest KnownCell::state_size() const {
  std::vector<SizeNest> states;
  for (int k = 0; k < state_count(spec_.kind); ++k) states.emplace_back(Shape{state_units(spec_, k)});
  return states.size() == 1 ? states[0] : SizeNest::tuple(std::move(states));
}

// Runs a sequence of one step, so that no second code has the cell's formula.
StepResult KnownCell::call(const Nest& inputs, const States& states, const CellContext& context) {
  Tensor x = check_step_input(inputs, weights_).contiguous();
  if (context.training && dropout_.drops()) {
    const bool given = !context.dropout.empty() && !is_empty(context.dropout[0]);
    const DropoutMasks masks = given ? context.dropout[0] : draw_masks(x.size(0), context);
    if (!is_one_for_all_gates(masks)) return dropped_step(spec_, weights_, {x, states}, masks);
    x = mul(x, masks.inputs[0]);
  }
  const RecurrenceSpec spec{
      .cell = spec_, .T = 1, .B = x.size(0), .I = x.size(1), .dtype = x.dtype(), .device = x.device()};
  SessionTensors tensors{.x = x.insert_axis(0)};
  for (const Nest& state : states) tensors.initial_state.push_back(state.leaf().contiguous());
  for (int k = 0; k < state_count(spec_.kind); ++k) {
    tensors.final_state.push_back(Tensor::empty({spec.B, state_units(spec_, k)}, spec.dtype, spec.device));
  }
  KeptCell::run(*this, spec, context.plan, tensors);
  // The output of a live step is its h.
  return {tensors.final_state[0], States(tensors.final_state.begin(), tensors.final_state.end())};
}

SimpleRNNCell::SimpleRNNCell(const SimpleRNNCellOptions& options, RecurrentWeights weights)
    : KnownCell({.kind = CellKind::simple_rnn,
                 .units = options.units,
                 .activation = options.activation,
                 .use_bias = options.use_bias},
                std::move(weights),
                {.dropout = options.dropout, .recurrent_dropout = options.recurrent_dropout, .seed = options.seed}) {}

LSTMCell::LSTMCell(const LSTMCellOptions& options, RecurrentWeights weights)
    : KnownCell({.kind = CellKind::lstm,
                 .units = options.units,
                 .activation = options.activation,
                 .recurrent_activation = options.recurrent_activation,
                 .use_bias = options.use_bias},
                std::move(weights), dropout_options(options)) {}

GRUCell::GRUCell(const GRUCellOptions& options, RecurrentWeights weights)
    : KnownCell({.kind = CellKind::gru,
                 .units = options.units,
                 .activation = options.activation,
                 .recurrent_activation = options.recurrent_activation,
                 .use_bias = options.use_bias,
                 .reset_after = options.reset_after},
                std::move(weights), dropout_options(options)) {}

}  // namespace rondo
