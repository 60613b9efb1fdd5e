/// The weights of a recurrent ONNX node in Keras's layout, which all its runners share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/formats/onnx_model.h"
#include "rondo/plan/network.h"

namespace rondo {

/// Never changes once it is made: runners of many threads share it, and with it the packed weights.
struct OnnxNodeWeights {
  /// Throws as onnx_cells.
  OnnxNodeWeights(const OnnxOperator& its_op, const OnnxWeights& weights);

  std::int64_t I() const { return cells[0].weights.kernel.size(0); }
  std::int64_t H() const { return cells[0].cell.units; }
  std::int64_t D() const { return static_cast<std::int64_t>(cells.size()); }
  /// A tensor of the dtype and the device of all weights.
  const Tensor& like() const { return cells[0].weights.kernel; }
  bool reads_reversed(std::int64_t direction) const { return direction == 1 || op.direction == OnnxDirection::reverse; }

  OnnxOperator op;
  std::vector<OnnxCell> cells;                     ///< one for each direction, forward first
  std::string reason = {};                         ///< why the node runs step by step; empty: it is planned
  std::vector<SharedNetworkWeights> network = {};  ///< of one layer
};

}  // namespace rondo
