/// The graph of a model, as its configuration describes it: layers, their calls, and what flows between them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "formats/keras/keras_fields.h"
#include "models/model_tensor.h"

namespace rondo {

/// One output of a call of a layer.
struct TensorReference {
  int layer = 0;
  int node = 0;  ///< the number of the call
  int output = 0;
};

/// One argument of a call in the configuration.
struct GraphArgument {
  std::string name = {};  ///< of a keyword argument; empty for one that is given by its position
  bool is_list = false;
  std::vector<std::optional<TensorReference>> tensors = {};  ///< absent: None within a list
  nlohmann::json constant = nullptr;                         ///< where there are no tensors
};

/// One call of a layer: Keras's node.
struct GraphNode {
  std::vector<GraphArgument> arguments;
};

struct GraphLayer {
  std::string name;
  std::string class_name;
  nlohmann::json entry;  ///< class_name, config, ...
  std::vector<GraphNode> nodes = {};
  std::optional<TensorNote> input = std::nullopt;  ///< of an InputLayer, which has one node without arguments
};

struct ModelGraph {
  std::string name;
  std::vector<GraphLayer> layers;
  std::vector<TensorReference> inputs;
  std::vector<TensorReference> outputs;
  std::vector<std::string> input_names;
  std::vector<std::string> output_names;
};

/// Whether an entry of a configuration is a model: Sequential or Functional.
bool is_model_entry_class(const std::string& class_name);

/// Reads the graph of a Sequential or Functional model from its entry, `{"class_name": ..., "config": ...}`. The
/// references are checked: they name calls that are there. Throws `ValueError` naming `where` (the file, and the model
/// within others), the layer and the key for: another class of model, two layers of one name, references to layers or
/// calls that are not there, constants among tensors, inputs without a shape.
ModelGraph read_model_graph(const nlohmann::json& entry, const std::string& where, const KerasOrigin& origin);

/// How many arguments read the outputs of a layer: those of Embeddings, and all others.
struct Readers {
  int embeddings = 0;
  int others = 0;
};
Readers readers_of(const ModelGraph& graph, const TensorReference& input);

/// Which call comes when: (layer, node) so that all that a call reads is there before it. Calls that no output needs
/// are left out. Throws `ValueError` naming the layers of a cycle.
std::vector<TensorReference> run_order(const ModelGraph& graph, const std::string& where);

/// The calls of run_order in Keras 3's order: the farther from an output, the earlier. There, some calls take masks
/// away from the calls behind them.
std::vector<TensorReference> by_depth(const ModelGraph& graph, std::span<const TensorReference> order);

}  // namespace rondo
