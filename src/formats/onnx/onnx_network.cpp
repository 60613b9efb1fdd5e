#include "formats/network/network_builder.h"
#include "formats/onnx/onnx_steps.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

LoadedNetwork onnx_network(std::span<const OnnxNode> nodes) {
  if (nodes.empty()) throw ValueError("nodes", "none", "at least one");
  LoadedNetwork network;
  for (const OnnxNode& node : nodes) {
    const bool reverse = node.op.direction == OnnxDirection::reverse;
    std::vector<LoadedDirection> directions;
    for (const OnnxCell& cell : onnx_cells(node.op, node.weights())) {
      const std::string reason = beyond_cell_spec(node.op, cell);
      if (!reason.empty()) {
        throw ValueError(node.file + ": node '" + node.name + "'", "a node that runs step by step, because " + reason,
                         "one that an executor runs");
      }
      const bool backward = reverse || !directions.empty();
      directions.push_back({cell.cell, cell.weights, TimeRules::onnx(backward, true)});
    }
    add_layer(network, directions[0], directions.size() == 2 ? std::optional(directions[1]) : std::nullopt);
  }
  return network;
}

}  // namespace rondo
