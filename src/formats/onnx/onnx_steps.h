/// Runs ONNX cells that no CellSpec describes, step by step.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rondo/formats/onnx_model.h"

namespace rondo {

/// The reason for which a cell cannot be planned; empty if the cell can be planned.
std::string beyond_cell_spec(const OnnxOperator& op, const OnnxCell& cell);

struct OnnxSequence {
  Tensor x;                       ///< (T, B, I)
  std::optional<Tensor> lengths;  ///< (B,)
  std::vector<Tensor> states;     ///< each (B, H): h, and c of an LSTM
  bool reversed = false;          ///< each row is read in reverse within its length
};

struct OnnxSequenceResult {
  Tensor y;                    ///< (T, B, H), in the order of the input
  std::vector<Tensor> states;  ///< each (B, H)
};

OnnxSequenceResult run_onnx_steps(const OnnxOperator& op, const OnnxCell& cell, const OnnxSequence& sequence);

}  // namespace rondo
