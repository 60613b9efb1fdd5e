/// The calls of a layer in a configuration: the forms that Keras 2 and Keras 3 write.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/model_graph.h"

namespace rondo {

/// A tensor as the configuration names it, before its layer is found.
struct TensorName {
  std::string layer;
  int node = 0;
  int output = 0;
};

/// One argument with its names.
struct NodeArgument {
  std::string name = {};
  bool is_list = false;
  std::vector<std::optional<TensorName>> tensors = {};
  nlohmann::json constant = nullptr;
};

/// Reads one item of `inbound_nodes`: `{"args": ..., "kwargs": ...}` of Keras 3, or the lists of Keras 2. Throws
/// `ValueError` naming `where`.
std::vector<NodeArgument> read_node(const nlohmann::json& node, const std::string& where);

/// Reads `input_layers` or `output_layers`: one tensor, a list or a dict of them, of any depth, in Keras's order.
std::vector<TensorName> read_tensor_list(const nlohmann::json& list, const std::string& where);

}  // namespace rondo
