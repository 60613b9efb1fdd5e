#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

#include "formats/keras/keras_left_out.h"
#include "formats/keras/keras_tree.h"
#include "formats/keras/keras_weights.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::array<const char*, 2> kContainers{"layers", "_layer_checkpoint_dependencies"};  // the second: Keras 2.12

/// Objects inside a layer have no order, but a Bidirectional has forward first.
void collect(const ArrayGroup& group, int depth, KerasLayer& layer) {
  if (depth == kDeepestGroup) {
    throw ValueError(group.where(), "groups nested deeper", "at most " + std::to_string(kDeepestGroup));
  }
  const bool bidirectional = group.contains("forward_layer");
  if (bidirectional) collect(group.group("forward_layer"), depth + 1, layer);
  for (const ArrayChild& child : group.children()) {
    if (bidirectional && child.name == "forward_layer") continue;
    if (!child.is_group) {
      if (!group.has_read(child.name)) read_weight(group, child.name, layer);
    } else if (!is_no_weight(group, child.name)) {
      collect(group.group(child.name), depth + 1, layer);
    }
  }
}

/// Adds the weights of `group` as one layer. The layer has its own name if the file has that (Keras 3), else `name`.
void add_layer(const ArrayGroup& group, const std::string& name, std::vector<KerasLayer>& layers) {
  KerasLayer layer{.name = name, .file = group.file()};
  layer.name = object_name(group).value_or(name);
  layer.path = group.path();
  collect(group, layer);
  if (!layer.weights.empty()) layers.push_back(std::move(layer));
}

/// Adds the members of a list or a dictionary of layers. Keras 3 names a list inside a list "container".
void add_members(const ArrayGroup& list, int depth, std::vector<KerasLayer>& layers) {
  if (depth == kDeepestGroup) {
    throw ValueError(list.where(), "groups nested deeper", "at most " + std::to_string(kDeepestGroup));
  }
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

}  // namespace

/// A capital other than the first begins a word if a small letter stands before or after that capital.
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

std::string ContainerNames::next(const std::string& class_name) {
  const std::string base = snake_case(class_name);
  const int earlier = count_[base]++;
  return earlier == 0 ? base : base + "_" + std::to_string(earlier);
}

bool is_container(const std::string& name) {
  return std::find(kContainers.begin(), kContainers.end(), name) != kContainers.end();
}

std::optional<ArrayGroup> container_of(const ArrayGroup& model) {
  for (const char* name : kContainers) {
    if (model.contains(name)) return model.group(name);
  }
  return std::nullopt;
}

std::optional<std::string> object_name(const ArrayGroup& group) {
  return group.contains("vars") ? group.group("vars").string("name") : std::nullopt;
}

void refuse_tree(const ArrayGroup& root) {
  throw ValueError(root.file(), "neither an attribute layer_names nor a group 'layers'", "an HDF5 file of Keras");
}

void collect(const ArrayGroup& group, KerasLayer& layer) { collect(group, 0, layer); }

void add_members(const ArrayGroup& list, std::vector<KerasLayer>& layers) { add_members(list, 0, layers); }

// Keras writes an object once, below the name that it visits first.
void add_attributes(const ArrayGroup& root, std::vector<KerasLayer>& layers) {
  for (const ArrayChild& child : root.children()) {
    if (!child.is_group || is_container(child.name) || is_no_weight(root, child.name)) continue;
    const ArrayGroup group = root.group(child.name);
    if (child.name == "vars") {
      KerasLayer own{.name = group.string("name").value_or(child.name), .file = root.file()};
      own.path = group.path();
      collect(group, own);
      if (!own.weights.empty()) layers.push_back(std::move(own));
    } else if (group.contains("vars")) {
      add_layer(group, child.name, layers);
    } else {
      add_members(group, 0, layers);
    }
  }
}

void tell_apart(std::vector<KerasLayer>& layers) {
  std::map<std::string, int> count;
  for (const KerasLayer& layer : layers) ++count[layer.name];
  for (KerasLayer& layer : layers) {
    if (layer.class_name.empty() && count[layer.name] > 1) layer.name = layer.path;
  }
}

void read_weight(const ArrayGroup& group, const std::string& name, KerasLayer& layer) {
  layer.weights.push_back(group.tensor(name));
  layer.weight_paths.push_back(group.path(name));
}

std::vector<KerasLayer> read_tree_layers(const ArrayGroup& root) {
  const std::optional<ArrayGroup> container = container_of(root);
  if (!container && !root.contains("vars")) refuse_tree(root);
  std::vector<KerasLayer> layers;
  if (container) add_members(*container, layers);
  add_attributes(root, layers);
  tell_apart(layers);
  return layers;
}

}  // namespace rondo
