#include <array>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "formats/containers/input_file.h"
#include "formats/keras/keras_recurrent.h"
#include "formats/keras/keras_weights.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr int kDeepest = 32;  // groups may contain themselves

/// Keras's `to_snake_case`: "SimpleRNN" is "simple_rnn", "LSTMCell" is "lstm_cell". A capital begins a word after a
/// small letter, and before one unless it is the first.
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

/// Gives each object of a container its name: the class, then `_1`, `_2`, ...
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

/// State of random generators is no weight; Keras 3 and 2 keep it in groups of these names.
bool is_random_state(const std::string& name) { return name == "seed_generator" || name == "_random_generator"; }

/// Every dataset under `group`. Objects inside a layer have names, not an order; of a Bidirectional, forward is first.
void collect(const HdfGroup& group, int depth, std::vector<Tensor>& weights) {
  if (depth == kDeepest) throw ValueError(group.where(), "groups nested deeper", "at most " + std::to_string(kDeepest));
  const bool bidirectional = group.contains("forward_layer");
  if (bidirectional) collect(group.group("forward_layer"), depth + 1, weights);
  for (const HdfChild& child : group.children()) {
    if (is_random_state(child.name) || (bidirectional && child.name == "forward_layer")) continue;
    if (child.is_group) {
      collect(group.group(child.name), depth + 1, weights);
    } else {
      weights.push_back(group.tensor(child.name));
    }
  }
}

std::vector<Tensor> collect(const HdfGroup& group) {
  std::vector<Tensor> weights;
  collect(group, 0, weights);
  return weights;
}

/// The groups that hold the weights of `layer`, in Keras's order.
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

std::vector<Tensor> weights_of(const KerasLayer& layer, const HdfGroup& group) {
  std::vector<Tensor> everything = collect(group);
  std::vector<std::string> parts;
  list_parts(layer, "", parts);
  if (parts.empty()) return everything;
  std::vector<Tensor> weights;
  for (const std::string& part : parts) {
    if (!group.contains(part)) throw ValueError(group.where(part), "nothing", "weights of layer '" + layer.name + "'");
    for (Tensor& weight : collect(group.group(part))) weights.push_back(std::move(weight));
  }
  if (weights.size() != everything.size()) {
    throw ValueError(group.where(), std::to_string(everything.size()) + " datasets",
                     std::to_string(weights.size()) + ", those of the cells of layer '" + layer.name + "'");
  }
  return weights;
}

HdfGroup layers_of(const HdfGroup& root) {
  for (const char* name : {"layers", "_layer_checkpoint_dependencies"}) {  // the second: Keras 2.12
    if (root.contains(name)) return root.group(name);
  }
  throw ValueError(root.file(), "neither an attribute layer_names nor a group 'layers'", "an HDF5 file of Keras");
}

/// Keras 3 notes the layer's own name.
std::string layer_name(const HdfGroup& group, const std::string& path) {
  if (!group.contains("vars")) return path;
  return group.group("vars").string("name").value_or(path);
}

}  // namespace

std::vector<KerasLayer> read_tree_layers(const HdfGroup& root) {
  const HdfGroup container = layers_of(root);
  std::vector<KerasLayer> layers;
  for (const HdfChild& child : container.children()) {
    if (!child.is_group) throw ValueError(container.where(child.name), "a dataset", "a group for each layer");
    const HdfGroup group = container.group(child.name);
    KerasLayer layer{.name = layer_name(group, child.name), .file = root.file()};
    layer.weights = collect(group);
    if (!layer.weights.empty()) layers.push_back(std::move(layer));
  }
  return layers;
}

void attach_tree_weights(const HdfGroup& root, std::vector<KerasLayer>& layers) {
  const HdfGroup container = layers_of(root);
  ContainerNames names;
  std::set<std::string> known;
  for (KerasLayer& layer : layers) {
    const std::string path = names.next(layer.class_name);
    known.insert(path);
    if (container.contains(path)) layer.weights = weights_of(layer, container.group(path));
  }
  for (const HdfChild& child : container.children()) {
    if (known.count(child.name) != 0 || !child.is_group) continue;
    if (!collect(container.group(child.name)).empty()) {
      throw ValueError(container.where(child.name), "weights that belong to no layer of the configuration",
                       "one of " + listed({known.begin(), known.end()}));
    }
  }
}

}  // namespace rondo
