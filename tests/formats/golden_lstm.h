/// An LSTM with a projection, with peepholes, or with both, which no CellSpec describes: a step function for rnn().
#pragma once

#include <optional>
#include <vector>

#include "rondo/projected_weights.h"

namespace rondo::golden {

struct LstmSequence {
  ProjectedWeights weights;
  std::optional<Tensor> peepholes = std::nullopt;  ///< (3, H), rows i f o
  Tensor x;                                        ///< (T, B, I)
  std::optional<Tensor> lengths = std::nullopt;
  std::vector<Tensor> states = {};  ///< h (B, P or H) and c (B, H); empty: zeros
  bool reversed = false;            ///< each row within its length
};

struct LstmResult {
  Tensor y;  ///< (T, B, P or H), in the order of the input
  std::vector<Tensor> states;
};

LstmResult run_lstm(const LstmSequence& sequence);

}  // namespace rondo::golden
