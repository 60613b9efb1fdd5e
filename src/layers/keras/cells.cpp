#include "rondo/keras/cells.h"

#include "layers/keras/dropout.h"
#include "layers/keras/kept_cell.h"
#include "rondo/plan/plan.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

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

StepWithPullback Cell::call_with_pullback(const Nest&, const States&, const CellContext&) {
  throw ValueError("gradients", "true, and a cell without gradients", "a cell that overrides call_with_pullback");
}

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
