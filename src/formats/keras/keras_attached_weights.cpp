#include <map>
#include <set>
#include <utility>

#include "formats/keras/keras_left_out.h"
#include "formats/keras/keras_options.h"
#include "formats/keras/keras_recurrent.h"
#include "formats/keras/keras_tree.h"
#include "formats/keras/keras_weights.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

void attach(const ArrayGroup& group, KerasLayer& layer);
void attach_container(const ArrayGroup& container, std::vector<KerasLayer>& layers);

void add_weights(const KerasLayer& part, KerasLayer& whole) {
  whole.weights.insert(whole.weights.end(), part.weights.begin(), part.weights.end());
  whole.weight_paths.insert(whole.weight_paths.end(), part.weight_paths.begin(), part.weight_paths.end());
}

void attach_wrapped(const ArrayGroup& group, const std::string& name, KerasLayer& inner, KerasLayer& layer) {
  if (group.contains(name)) attach(group.group(name), inner);
  add_weights(inner, layer);
}

/// The groups of the cells of a recurrent layer, in the order of the cells.
std::vector<std::string> cell_groups(const KerasLayer& layer) {
  if (!layer.recurrent || !layer.recurrent->stacked) return {"cell"};
  std::vector<std::string> groups;
  ContainerNames names;
  for (const std::string& cell : layer.recurrent->cell_classes) groups.push_back("cell/cells/" + names.next(cell));
  return groups;
}

/// Reads the weights of a layer whose parts have an order that the names of groups do not have.
void attach_parts(const ArrayGroup& group, KerasLayer& layer) {
  if (layer.wrapped.size() == 2) {
    attach_wrapped(group, "forward_layer", layer.wrapped[0], layer);
    attach_wrapped(group, "backward_layer", layer.wrapped[1], layer);
  } else if (layer.wrapped.size() == 1) {
    attach_wrapped(group, "layer", layer.wrapped[0], layer);
  } else if (!layer.layers.empty()) {
    if (const std::optional<ArrayGroup> container = container_of(group)) attach_container(*container, layer.layers);
    for (const KerasLayer& inner : layer.layers) add_weights(inner, layer);
  } else if (layer.recurrent || layer.conv_lstm) {
    for (const std::string& cell : cell_groups(layer)) {
      if (group.contains(cell)) collect(group.group(cell), layer);
    }
  }
}

/// Whether a layer's own weights, beside those of its parts, are ones that it may have.
bool may_have_own(const KerasLayer& layer) {
  if (!layer.layers.empty() || layer.own_cell) return true;
  const bool has_parts = layer.recurrent || layer.conv_lstm || !layer.wrapped.empty();
  return !has_parts || layer.class_name == "CuDNNLSTM" || layer.class_name == "CuDNNGRU";
}

/// Reads all weights of a layer: those of its parts in Keras's order, then all others. These are a problem, but for
/// those of the layer itself in a class that has some.
void attach(const ArrayGroup& group, KerasLayer& layer) {
  layer.path = group.path();
  attach_parts(group, layer);
  const std::size_t count = layer.weights.size();
  collect(group, layer);
  const bool is_open = layer.layers.empty() && may_have_own(layer);
  for (std::size_t k = count; k < layer.weights.size() && layer.problem.empty() && !is_open; ++k) {
    if (may_have_own(layer) && layer.weight_paths[k].starts_with(group.path("vars/"))) continue;
    layer.problem = ValueError(place_of(layer) + ": weight", "'" + layer.weight_paths[k] + "'",
                               "one of a part of its " + layer.class_name)
                        .what();
  }
}

/// The groups of a container by the names of their objects, which Keras 3 writes.
std::map<std::string, std::string> groups_by_name(const ArrayGroup& container) {
  std::map<std::string, std::string> groups;
  for (const ArrayChild& child : container.children()) {
    if (!child.is_group) continue;
    if (const std::optional<std::string> name = object_name(container.group(child.name))) {
      groups.emplace(*name, child.name);
    }
  }
  return groups;
}

/// Whether a group has the name that Keras gives to objects of this class.
bool is_of_class(const std::string& group, const std::string& class_name) {
  const std::string base = snake_case(class_name);
  return group == base ||
         (group.starts_with(base + "_") && group.find_first_not_of("0123456789", base.size() + 1) == std::string::npos);
}

/// Keras counts the objects of each class, and leaves out one that it has written elsewhere. Where a group of a class
/// is missing, the numbers of the other groups do not tell their layers.
void doubt(const ArrayGroup& container, const std::set<std::string>& classes, std::vector<KerasLayer>& layers) {
  std::set<std::string> with_weights;
  for (const KerasLayer& layer : layers) {
    if (!layer.weights.empty()) with_weights.insert(layer.class_name);
  }
  for (KerasLayer& layer : layers) {
    const bool in_doubt = classes.count(layer.class_name) != 0 && with_weights.count(layer.class_name) != 0;
    if (!in_doubt || !layer.problem.empty()) continue;
    layer.problem = ValueError(place_of(layer) + ": weights",
                               "fewer groups than layers of class " + layer.class_name + " in " + container.where(),
                               "a group for each, else its weights may be those of another layer")
                        .what();
  }
}

void attach_container(const ArrayGroup& container, std::vector<KerasLayer>& layers) {
  const std::map<std::string, std::string> by_name = groups_by_name(container);
  ContainerNames names;
  std::set<std::string> incomplete;
  for (KerasLayer& layer : layers) {
    std::string group = names.next(layer.class_name);
    if (!by_name.empty()) {
      const auto found = by_name.find(layer.name);
      if (found == by_name.end() || !is_of_class(found->second, layer.class_name)) continue;
      group = found->second;
    }
    if (container.contains(group)) {
      attach(container.group(group), layer);
    } else {
      incomplete.insert(layer.class_name);
    }
  }
  doubt(container, incomplete, layers);
}

}  // namespace

void attach_tree_weights(const ArrayGroup& root, std::vector<KerasLayer>& layers) {
  const std::optional<ArrayGroup> container = container_of(root);
  if (!container) refuse_tree(root);
  attach_container(*container, layers);
  add_members(*container, layers);
  add_attributes(root, layers);
  tell_apart(layers);
}

}  // namespace rondo
