/// The minimal gated unit, which Keras does not have: the cell is `flax.linen.MGUCell` with its `reset_gate`, in a
/// layer with the options of Keras's layers.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "rondo/keras/layers.h"

namespace rondo {

/// Configures MGUCell, with the names of Keras's options.
struct MGUCellOptions {
  std::int64_t units = 0;
  Activation activation = Activation::tanh;               ///< flax's `activation_fn`
  Activation recurrent_activation = Activation::sigmoid;  ///< flax's `gate_fn`
  bool use_bias = true;
};

/// h' = f h + (1 - f) n; gates f n, and n = activation(x W_n + b_n + f (h U_n + rb_n)). State: h.
///
/// The weights are those of flax's Dense layers side by side: kernel is `if` `in`, recurrent_kernel `hf` `hn`. Row 0 of
/// the bias (2, 2 H) is the biases of `if` `in`, row 1 is zeros and the bias of `hn`.
class MGUCell final : public KnownCell {
 public:
  MGUCell(const MGUCellOptions& options, RecurrentWeights weights)
      : KnownCell({.kind = CellKind::mgu,
                   .units = options.units,
                   .activation = options.activation,
                   .recurrent_activation = options.recurrent_activation,
                   .use_bias = options.use_bias},
                  std::move(weights)) {}
};

/// A layer of minimal gated units: `MGU layer({.units = 32}, weights, {.return_sequences = true});`
class MGU : public RNN {
 public:
  MGU(const MGUCellOptions& options, RecurrentWeights weights, const RNNOptions& layer = {})
      : RNN(std::make_shared<MGUCell>(options, std::move(weights)), layer) {}
};

}  // namespace rondo
