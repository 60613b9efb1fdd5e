#include "models/graph_nodes.h"

#include <limits>
#include <utility>

#include "formats/containers/json.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

bool is_index(const json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= std::numeric_limits<int>::max();
}

/// Whether a list is a tensor, ["lstm", 0, 1] or, as an input of Keras 2, ["lstm", 0, 1, {...}].
bool names_tensor(const json& value) {
  return value.is_array() && (value.size() == 3 || value.size() == 4) && value[0].is_string() && is_index(value[1]) &&
         is_index(value[2]);
}

TensorName named(const json& value) { return {value[0].get<std::string>(), value[1].get<int>(), value[2].get<int>()}; }

std::string class_name_of(const json& value) {
  const auto found = value.is_object() ? value.find("class_name") : value.end();
  return found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Collects the tensors of one argument.
class ArgumentReader {
 public:
  ArgumentReader(std::string where, bool keras3) : where_(std::move(where)), keras3_(keras3) {}

  NodeArgument read(const std::string& name, const json& value) {
    argument_ = {.name = name};
    constants_ = 0;
    visit(value);
    if (argument_.tensors.empty() || argument_.tensors.size() == nones_) {
      argument_.tensors.clear();
      argument_.is_list = false;
      argument_.constant = constants_ == 0 ? json(nullptr) : value;
    } else if (constants_ > 0) {
      throw ValueError(where_ + ": " + (name.empty() ? "inputs" : name), shown(value), "tensors of the model alone");
    }
    nones_ = 0;
    return std::move(argument_);
  }

 private:
  bool is_tensor(const json& value) const {
    return keras3_ ? class_name_of(value) == "__keras_tensor__" : names_tensor(value);
  }

  TensorName tensor(const json& value) const {
    if (!keras3_) return named(value);
    const json* config = value.contains("config") ? &value["config"] : nullptr;
    if (config != nullptr && config->is_object() && config->contains("keras_history") &&
        names_tensor((*config)["keras_history"])) {
      return named((*config)["keras_history"]);
    }
    throw ValueError(where_ + ": keras_history", shown(value), "a layer's name and two numbers");
  }

  void visit(const json& value) {
    if (is_tensor(value)) {
      argument_.tensors.emplace_back(tensor(value));
    } else if (value.is_array()) {
      argument_.is_list = true;
      for (const json& item : value) visit(item);
    } else if (class_name_of(value) == "__tuple__" && value.contains("config") && value["config"].is_object() &&
               value["config"].contains("value")) {
      visit(value["config"]["value"]);
    } else if (value.is_object() && class_name_of(value).empty()) {
      argument_.is_list = true;
      for (const json& item : value) visit(item);  // by key, as Keras
    } else if (value.is_null()) {
      argument_.tensors.emplace_back(std::nullopt);
      ++nones_;
    } else {
      ++constants_;
    }
  }

  std::string where_;
  bool keras3_;
  NodeArgument argument_;
  std::size_t constants_ = 0;
  std::size_t nones_ = 0;
};

std::vector<NodeArgument> read_keras3_node(const json& node, const std::string& where) {
  const auto args = node.find("args");
  const auto kwargs = node.find("kwargs");
  if (args == node.end() || !args->is_array()) throw ValueError(where + ": args", shown(node), "a list of arguments");
  ArgumentReader reader(where, true);
  std::vector<NodeArgument> arguments;
  for (const json& value : *args) arguments.push_back(reader.read({}, value));
  if (kwargs == node.end()) return arguments;
  if (!kwargs->is_object()) throw ValueError(where + ": kwargs", shown(*kwargs), "an object");
  for (const auto& [name, value] : kwargs->items()) arguments.push_back(reader.read(name, value));
  return arguments;
}

/// The fourth part of the first tensor: every tensor of a node has the same keywords.
const json* keywords_of(const json& value) {
  if (names_tensor(value)) return value.size() == 4 ? &value[3] : nullptr;
  if (value.is_structured() && !value.empty()) return keywords_of(*value.begin());
  return nullptr;
}

std::vector<NodeArgument> read_keras2_node(const json& node, const std::string& where) {
  ArgumentReader reader(where, false);
  std::vector<NodeArgument> arguments;
  arguments.push_back(reader.read({}, node));
  arguments.front().is_list = arguments.front().tensors.size() > 1;  // Keras 2 takes a tensor out of a list of one
  const json* keywords = keywords_of(node);
  if (keywords == nullptr) return arguments;
  if (!keywords->is_object()) throw ValueError(where + ": keywords", shown(*keywords), "an object");
  for (const auto& [name, value] : keywords->items()) arguments.push_back(reader.read(name, value));
  return arguments;
}

void read_tensors(const json& value, const std::string& where, std::vector<TensorName>& tensors) {
  if (names_tensor(value)) {
    tensors.push_back(named(value));
  } else if (value.is_structured()) {
    for (const json& item : value) read_tensors(item, where, tensors);
  } else {
    throw ValueError(where, shown(value), "tensors, as [\"lstm\", 0, 0]");
  }
}

}  // namespace

std::vector<NodeArgument> read_node(const json& node, const std::string& where) {
  const bool keras3 = node.is_object() && node.contains("args");
  return keras3 ? read_keras3_node(node, where) : read_keras2_node(node, where);
}

std::vector<TensorName> read_tensor_list(const json& list, const std::string& where) {
  std::vector<TensorName> tensors;
  read_tensors(list, where, tensors);
  if (tensors.empty()) throw ValueError(where, "none", "at least one tensor");
  return tensors;
}

}  // namespace rondo
