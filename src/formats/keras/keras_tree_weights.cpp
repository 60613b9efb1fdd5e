#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

#include "formats/keras/keras_left_out.h"
#include "formats/keras/keras_recurrent.h"
#include "formats/keras/keras_weights.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr int kDeepest = 32;  // groups may contain themselves

/// Keras's `to_snake_case`: "SimpleRNN" is "simple_rnn", "LSTMCell" is "lstm_cell". A capital other than the first
/// begins a word if a small letter stands before or after that capital.
std::string snake_case(const std::string& class_name) {
  const std::string name = class_name.substr(class_name.rfind('>') + 1);  // npos + 1 is 0
  const auto is_upper = [&](std::size_t k) { return std::isupper(static_cast<unsigned char>(name[k])) != 0; };
  const auto is_lower = [&](std::size_t k) {
    return k < name.size() && std::islower(static_cast<unsigned char>(name[k])) != 0;
  };
  std::string result;
  for (std::size_t k = 0; k < name.size(); ++k) {
    if (k > 0 && is_upper(k) && (is_lower(k - 1) || is_lower(k + 1))) result += '_';
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(name[k])));
  }
  return result;
}

/// The names of a container's objects: the class in snake case, and `_1`, `_2`, ... from the second object on.
class ContainerNames {
 public:
  std::string next(const std::string& class_name) {
    const std::string base = snake_case(class_name);
    const int earlier = count_[base]++;
    return earlier == 0 ? base : base + "_" + std::to_string(earlier);
  }

 private:
  std::map<std::string, int> count_;
};

/// Reads every dataset under `group`. Objects inside a layer have no order, but a Bidirectional has forward first.
void collect(const ArrayGroup& group, int depth, KerasLayer& layer) {
  if (depth == kDeepest) throw ValueError(group.where(), "groups nested deeper", "at most " + std::to_string(kDeepest));
  const bool bidirectional = group.contains("forward_layer");
  if (bidirectional) collect(group.group("forward_layer"), depth + 1, layer);
  for (const ArrayChild& child : group.children()) {
    if (bidirectional && child.name == "forward_layer") continue;
    if (!child.is_group) {
      read_weight(group, child.name, layer);
    } else if (!is_no_weight(group, child.name)) {
      collect(group.group(child.name), depth + 1, layer);
    }
  }
}

/// Lists the groups that hold the weights of `layer`, in Keras's order.
void list_parts(const KerasLayer& layer, const std::string& path, std::vector<std::string>& parts) {
  if (!layer.wrapped.empty()) {
    list_parts(layer.wrapped.at(0), path + "forward_layer/", parts);
    list_parts(layer.wrapped.at(1), path + "backward_layer/", parts);
  } else if (layer.recurrent && layer.recurrent->stacked) {
    ContainerNames names;
    for (const CellSpec& cell : layer.recurrent->cells) {
      parts.push_back(path + "cell/cells/" + names.next(keras_class(cell.kind) + "Cell"));
    }
  } else if (layer.recurrent) {
    parts.push_back(path + "cell");
  }
}

void read_weights(const ArrayGroup& group, KerasLayer& layer) {
  layer.path = group.path();
  std::vector<std::string> parts;
  list_parts(layer, "", parts);
  if (parts.empty()) collect(group, 0, layer);
  for (const std::string& part : parts) {
    if (!group.contains(part)) throw ValueError(group.where(part), "nothing", "weights of layer '" + layer.name + "'");
    collect(group.group(part), 0, layer);
  }
}

constexpr std::array<const char*, 2> kContainers{"layers", "_layer_checkpoint_dependencies"};  // the second: Keras 2.12

bool is_container(const std::string& name) {
  return std::find(kContainers.begin(), kContainers.end(), name) != kContainers.end();
}

/// The group that lists the layers of a model, if there is one.
std::optional<ArrayGroup> container_of(const ArrayGroup& root) {
  for (const char* name : kContainers) {
    if (root.contains(name)) return root.group(name);
  }
  return std::nullopt;
}

[[noreturn]] void refuse_file(const ArrayGroup& root) {
  throw ValueError(root.file(), "neither an attribute layer_names nor a group 'layers'", "an HDF5 file of Keras");
}

/// Adds the weights of `group` as one layer. The layer has its own name if the file has that (Keras 3), else `name`.
void add_layer(const ArrayGroup& group, const std::string& name, std::vector<KerasLayer>& layers) {
  KerasLayer layer{.name = name, .file = group.file()};
  if (group.contains("vars")) layer.name = group.group("vars").string("name").value_or(name);
  read_weights(group, layer);
  if (!layer.weights.empty()) layers.push_back(std::move(layer));
}

/// Adds the members of a list or a dictionary of layers. Keras 3 names a list inside a list "container".
void add_members(const ArrayGroup& list, int depth, std::vector<KerasLayer>& layers) {
  if (depth == kDeepest) throw ValueError(list.where(), "groups nested deeper", "at most " + std::to_string(kDeepest));
  for (const ArrayChild& child : list.children()) {
    if (!child.is_group || is_no_weight(list, child.name)) continue;
    const ArrayGroup group = list.group(child.name);
    if (child.name.starts_with("container") && !group.contains("vars")) {
      add_members(group, depth + 1, layers);
    } else {
      add_layer(group, is_container(list.path()) ? child.name : group.path(), layers);
    }
  }
}

/// Adds the weights outside the list of a model's layers: those of the model itself, and those of its attributes, which
/// are layers or lists of layers. Keras writes an object once, below the name that it visits first.
void add_attributes(const ArrayGroup& root, std::vector<KerasLayer>& layers) {
  for (const ArrayChild& child : root.children()) {
    if (!child.is_group || is_container(child.name) || is_no_weight(root, child.name)) continue;
    const ArrayGroup group = root.group(child.name);
    if (child.name == "vars") {
      KerasLayer own{.name = group.string("name").value_or(child.name), .file = root.file()};
      read_weights(group, own);
      if (!own.weights.empty()) layers.push_back(std::move(own));
    } else if (group.contains("vars")) {
      add_layer(group, child.name, layers);
    } else {
      add_members(group, 0, layers);
    }
  }
}

/// Renames layers with equal names to their paths, except layers of the configuration, which keep their names.
void tell_apart(std::vector<KerasLayer>& layers) {
  std::map<std::string, int> count;
  for (const KerasLayer& layer : layers) ++count[layer.name];
  for (KerasLayer& layer : layers) {
    if (layer.class_name.empty() && count[layer.name] > 1) layer.name = layer.path;
  }
}

}  // namespace

void read_weight(const ArrayGroup& group, const std::string& name, KerasLayer& layer) {
  layer.weights.push_back(group.tensor(name));
  layer.weight_paths.push_back(group.path(name));
}

std::vector<KerasLayer> read_tree_layers(const ArrayGroup& root) {
  const std::optional<ArrayGroup> container = container_of(root);
  if (!container && !root.contains("vars")) refuse_file(root);
  std::vector<KerasLayer> layers;
  if (container) add_members(*container, 0, layers);
  add_attributes(root, layers);
  tell_apart(layers);
  return layers;
}

void attach_tree_weights(const ArrayGroup& root, std::vector<KerasLayer>& layers) {
  const std::optional<ArrayGroup> container = container_of(root);
  if (!container) refuse_file(root);
  ContainerNames names;
  for (KerasLayer& layer : layers) {
    const std::string path = names.next(layer.class_name);
    if (container->contains(path)) read_weights(container->group(path), layer);
  }
  add_attributes(root, layers);
  tell_apart(layers);
}

}  // namespace rondo
