#include "formats/onnx/onnx_node_weights.h"

#include "formats/onnx/onnx_steps.h"

namespace rondo {

OnnxNodeWeights::OnnxNodeWeights(const OnnxOperator& its_op, const OnnxWeights& weights)
    : op(its_op), cells(onnx_cells(op, weights)) {
  for (const OnnxCell& cell : cells) {
    if (reason.empty()) reason = beyond_cell_spec(op, cell);
  }
  network.push_back({.forward = SharedWeights(cells[0].weights)});
  if (cells.size() == 2) network[0].backward.emplace(cells[1].weights);
}

}  // namespace rondo
