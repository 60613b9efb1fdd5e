/// Weights of a cell whose hidden state is projected: what PyTorch calls `proj_size`, TensorFlow 1 `num_proj`. Floor 7.
#pragma once

#include <optional>

#include "rondo/recurrence.h"

namespace rondo {

/// An LSTM with a projection emits h = (o * tanh(c)) projection, of P features, and reads it back: recurrent_kernel is
/// then (P, 4 H). Without one this is nothing but `cell`.
struct ProjectedWeights {
  RecurrentWeights cell;
  std::optional<Tensor> projection = std::nullopt;  ///< (H, P)
};

}  // namespace rondo
