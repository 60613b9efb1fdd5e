/// The tree of objects of `.weights.h5` and `.keras`: what reading it with and without a configuration share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/containers/array_group.h"
#include "rondo/formats/keras_layer.h"

namespace rondo {

inline constexpr int kDeepestGroup = 32;  // groups may contain themselves

/// The names of a container's objects: the class in snake case, and `_1`, `_2`, ... from the second object on.
class ContainerNames {
 public:
  std::string next(const std::string& class_name);

 private:
  std::map<std::string, int> count_;
};

/// Keras's `to_snake_case` of a class without its package: "mine>SimpleRNN" is "simple_rnn".
std::string snake_case(const std::string& class_name);

/// Whether a member of a model is the list of its layers.
bool is_container(const std::string& name);

/// The group that lists the layers of a model, if there is one.
std::optional<ArrayGroup> container_of(const ArrayGroup& model);

/// The name that Keras 3 writes for the object of a group. No value in files of Keras 2.
std::optional<std::string> object_name(const ArrayGroup& group);

/// Reads every dataset under `group` that no one has read, in the order of their names, but a Bidirectional forward
/// first.
void collect(const ArrayGroup& group, KerasLayer& layer);

/// Adds the members of a list of layers that have weights which no one has read.
void add_members(const ArrayGroup& list, std::vector<KerasLayer>& layers);

/// Adds the weights outside the list of a model's layers: those of the model itself, and those of its attributes, which
/// are layers or lists of layers.
void add_attributes(const ArrayGroup& root, std::vector<KerasLayer>& layers);

/// Renames layers with equal names to their paths, except layers of the configuration, which keep their names.
void tell_apart(std::vector<KerasLayer>& layers);

/// Throws the `ValueError` of a file that is no tree of Keras.
[[noreturn]] void refuse_tree(const ArrayGroup& root);

}  // namespace rondo
