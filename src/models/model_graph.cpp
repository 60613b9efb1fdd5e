#include "models/model_graph.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "formats/containers/json.h"
#include "models/graph_nodes.h"
#include "models/input_note.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

bool starts_with_input(const json& config) {
  const auto layers = config.find("layers");
  if (layers == config.end() || !layers->is_array() || layers->empty()) return false;
  const json& first = layers->front();
  return first.is_object() && first.value("class_name", json()) == "InputLayer";
}

/// The number that the configuration gives to the first call of a layer. A model that has been made from inputs has a
/// call of its own, number 0, which is in no configuration. Keras 3 counts it in the model's inputs and outputs alone.
int first_number(const GraphLayer& layer, const KerasOrigin& origin, bool in_ends) {
  if (!is_model_entry_class(layer.class_name)) return 0;
  const bool sequential = layer.class_name == "Sequential";
  if (origin.major >= 3) return in_ends && !sequential ? 1 : 0;
  const auto config = layer.entry.find("config");
  return !sequential || (config != layer.entry.end() && config->is_object() && starts_with_input(*config)) ? 1 : 0;
}

/// Names of tensors, each once, as Keras 2 makes them: where a layer has several, "lstm", "lstm_1", "lstm_2".
class DistinctNames {
 public:
  std::string add(const std::string& name) {
    std::string distinct = name;
    while (!taken_.insert(distinct).second) distinct = name + "_" + std::to_string(++counts_[name]);
    return distinct;
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, int> counts_;
};

/// Reads the layers of a Functional model and finds what its references name.
class FunctionalReader {
 public:
  FunctionalReader(const json& config, std::string where, const KerasOrigin& origin)
      : config_(config), where_(std::move(where)), origin_(origin), fields_(config_, where_, origin_) {}

  ModelGraph read() {
    graph_.name = fields_.text("name", "model");
    for (const json& entry : fields_.list("layers")) add(entry);
    for (std::size_t k = 0; k < graph_.layers.size(); ++k) add_nodes(k);
    check_outputs_exist();
    read_ends("input_layers", graph_.inputs, graph_.input_names);
    read_ends("output_layers", graph_.outputs, graph_.output_names);
    check_inputs();
    return std::move(graph_);
  }

 private:
  std::string place(const GraphLayer& layer) const { return where_ + ": layer '" + layer.name + "'"; }

  void add(const json& entry) {
    const KerasFields layer(entry, where_ + ": layer", origin_);
    GraphLayer& added = graph_.layers.emplace_back();
    added.class_name = layer.text("class_name");
    added.name = layer.contains("name") ? layer.text("name")
                                        : KerasFields(layer.object("config"), layer.where(), origin_).text("name");
    added.entry = entry;
    if (!numbers_.emplace(added.name, graph_.layers.size() - 1).second) {
      throw ValueError(where_ + ": layers", "two named '" + added.name + "'", "each name once");
    }
    if (added.class_name != "InputLayer") return;
    added.input = input_note(LayerFields(layer.object("config"), place(added), origin_));
    added.nodes.emplace_back();
  }

  void add_nodes(std::size_t number) {
    const GraphLayer& layer = graph_.layers[number];
    if (layer.input) return;
    const KerasFields fields(layer.entry, place(layer), origin_);
    std::vector<GraphNode> nodes;
    for (const json& value : fields.list("inbound_nodes")) {
      GraphNode& node = nodes.emplace_back();
      for (NodeArgument& argument : read_node(value, fields.where())) {
        GraphArgument& added = node.arguments.emplace_back();
        added.name = std::move(argument.name);
        added.is_list = argument.is_list;
        added.constant = std::move(argument.constant);
        for (const std::optional<TensorName>& tensor : argument.tensors) {
          added.tensors.push_back(tensor ? std::optional(find(*tensor, fields.where(), false)) : std::nullopt);
        }
      }
    }
    graph_.layers[number].nodes = std::move(nodes);
  }

  TensorReference find(const TensorName& name, const std::string& where, bool in_ends) const {
    const auto found = numbers_.find(name.layer);
    if (found == numbers_.end()) throw ValueError(where, "layer '" + name.layer + "'", "a layer of the model");
    const int first = first_number(graph_.layers[found->second], origin_, in_ends);
    return {static_cast<int>(found->second), name.node - first, name.output};
  }

  void check(const TensorReference& reference, const std::string& where) const {
    const GraphLayer& layer = graph_.layers[static_cast<std::size_t>(reference.layer)];
    if (reference.node >= 0 && static_cast<std::size_t>(reference.node) < layer.nodes.size()) return;
    throw ValueError(where, "call " + std::to_string(reference.node) + " of layer '" + layer.name + "'",
                     "one of its " + std::to_string(layer.nodes.size()) + " calls");
  }

  void check_outputs_exist() const {
    for (const GraphLayer& layer : graph_.layers) {
      for (const GraphNode& node : layer.nodes) {
        for (const GraphArgument& argument : node.arguments) {
          for (const auto& tensor : argument.tensors) {
            if (tensor) check(*tensor, place(layer) + ": inbound_nodes");
          }
        }
      }
    }
  }

  void check_inputs() const {
    std::set<int> seen;
    for (const TensorReference& input : graph_.inputs) {
      const GraphLayer& layer = graph_.layers[static_cast<std::size_t>(input.layer)];
      const std::string where = where_ + ": input_layers";
      if (!layer.input) throw ValueError(where, "'" + layer.name + "'", "layers of class InputLayer");
      if (!seen.insert(input.layer).second) throw ValueError(where, "'" + layer.name + "' twice", "each input once");
    }
  }

  void read_ends(const char* key, std::vector<TensorReference>& ends, std::vector<std::string>& names) const {
    const std::string where = where_ + ": " + key;
    if (!fields_.contains(key)) throw ValueError(where, "nothing", "a list of tensors");
    const json& list = config_[key];
    const bool keyed = list.is_object();
    std::vector<std::string> keys;
    if (keyed) {
      for (const auto& [name, value] : list.items()) keys.push_back(name);
    }
    DistinctNames distinct;
    for (const TensorName& name : read_tensor_list(list, where)) {
      ends.push_back(find(name, where, true));
      check(ends.back(), where);
      names.push_back(distinct.add(keyed && names.size() < keys.size() ? keys[names.size()] : name.layer));
    }
  }

  const json& config_;
  std::string where_;
  const KerasOrigin& origin_;
  KerasFields fields_;
  std::map<std::string, std::size_t> numbers_;
  ModelGraph graph_;
};

/// The layers of a Sequential model, each one called with the output of the one before.
ModelGraph read_sequential(const json& entry, const std::string& where, const KerasOrigin& origin) {
  const json& config = entry["config"];
  const bool bare = config.is_array();  // before Keras 2.3
  const json& layers = bare ? config : KerasFields(config, where, origin).list("layers");
  ModelGraph graph{.name = bare ? "sequential" : KerasFields(config, where, origin).text("name", "sequential"),
                   .layers = {},
                   .inputs = {{}},
                   .outputs = {},
                   .input_names = {},
                   .output_names = {}};
  std::map<std::string, int> names;
  const auto add = [&](GraphLayer layer) {
    if (!names.emplace(layer.name, 0).second) {
      throw ValueError(where + ": layers", "two named '" + layer.name + "'", "each name once");
    }
    graph.layers.push_back(std::move(layer));
  };
  for (const json& value : layers) {
    const KerasFields fields(value, where + ": layer", origin);
    const std::string class_name = fields.text("class_name");
    const bool is_input = class_name == "InputLayer";
    const json& layer_config = fields.object("config");
    const LayerFields of_layer(layer_config, fields.where() + " of class " + class_name, origin);
    const bool first = graph.layers.empty();
    if (first && !is_input) add(implied_input(entry, value, where, origin));
    GraphLayer layer{.name = of_layer.text("name", class_name), .class_name = class_name, .entry = value};
    if (is_input) {
      if (!first)
        throw ValueError(where + ": layers", "an InputLayer '" + layer.name + "' inside", "one in front alone");
      layer.input = input_note(of_layer);
      layer.nodes.emplace_back();
    } else {
      const int before = static_cast<int>(graph.layers.size()) - 1;
      layer.nodes.push_back({{GraphArgument{.tensors = {TensorReference{before, 0, 0}}}}});
    }
    add(std::move(layer));
  }
  if (graph.layers.empty()) throw ValueError(where + ": layers", "none", "at least one");
  graph.outputs = {{static_cast<int>(graph.layers.size()) - 1, 0, 0}};
  graph.input_names = {graph.layers.front().name};
  graph.output_names = {graph.layers.back().name};
  return graph;
}

}  // namespace

bool is_model_entry_class(const std::string& class_name) {
  return class_name == "Sequential" || class_name == "Functional" || class_name == "Model";
}

ModelGraph read_model_graph(const json& entry, const std::string& where, const KerasOrigin& origin) {
  const KerasFields fields(entry, where, origin);
  const std::string class_name = fields.text("class_name");
  if (!is_model_entry_class(class_name)) {
    throw ValueError(where + ": class", "'" + class_name + "'", "a Sequential or Functional model");
  }
  if (!fields.contains("config")) throw ValueError(where + ": config", "nothing", "an object");
  if (class_name == "Sequential") return read_sequential(entry, where, origin);
  return FunctionalReader(fields.object("config"), where, origin).read();
}

}  // namespace rondo
