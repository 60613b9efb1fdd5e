#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "formats/keras/keras_layer.h"
#include "formats/keras/keras_options.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Moves no weight: the parts share the tensors of the whole.
void assign(const KerasLayer& whole, std::size_t begin, std::size_t end, KerasLayer& part) {
  const auto at = [](const auto& list, std::size_t k) { return list.begin() + static_cast<std::ptrdiff_t>(k); };
  part.weights.assign(at(whole.weights, begin), at(whole.weights, end));
  if (whole.weight_paths.size() == whole.weights.size()) {  // a layer that the caller made may have no paths
    part.weight_paths.assign(at(whole.weight_paths, begin), at(whole.weight_paths, end));
  }
  part.path = whole.path;
  share_weights(part);
}

/// Keras gives each direction half of the weights, where the configurations do not say more.
void share_directions(KerasLayer& layer) {
  const std::size_t all = layer.weights.size();
  const std::optional<std::size_t> forward = weight_count(layer.wrapped[0]);
  const std::size_t middle = std::min(forward.value_or(all / 2), all);
  assign(layer, 0, middle, layer.wrapped[0]);
  assign(layer, middle, all, layer.wrapped[1]);
}

/// The layers of a model by the names that are in the names of their weights: their own, and those of layers inside.
class Owners {
 public:
  explicit Owners(const std::vector<KerasLayer>& layers) {
    for (std::size_t k = 0; k < layers.size(); ++k) add(layers[k], k);
  }

  /// The layer whose name stands first in the name of a weight, between slashes; no value if there is none, or if more
  /// than one layer has that name. A layer's name may have slashes.
  std::optional<std::size_t> owner_of(const std::string& weight) const {
    const std::vector<std::size_t> slashes = slashes_of(weight);
    for (std::size_t first = 0; first + 1 < slashes.size(); ++first) {
      for (std::size_t last = slashes.size() - 1; last > first; --last) {
        const std::size_t begin = slashes[first] + 1;
        const auto found = owners_.find(weight.substr(begin, slashes[last] - begin));
        if (found != owners_.end()) return found->second;
      }
    }
    return std::nullopt;
  }

 private:
  /// The places of slashes, with one before the name.
  static std::vector<std::size_t> slashes_of(const std::string& name) {
    constexpr std::size_t kMost = 32;
    std::vector<std::size_t> slashes{std::string::npos};  // npos + 1 is 0
    for (std::size_t k = 0; k < name.size() && slashes.size() < kMost; ++k) {
      if (name[k] == '/') slashes.push_back(k);
    }
    return slashes;
  }

  void add(const KerasLayer& layer, std::size_t owner) {
    const auto [found, is_new] = owners_.try_emplace(layer.name, owner);
    if (!is_new && found->second != owner) found->second = std::nullopt;
    for (const KerasLayer& inner : layer.layers) add(inner, owner);
    for (const KerasLayer& inner : layer.wrapped) add(inner, owner);
  }

  std::map<std::string, std::optional<std::size_t>> owners_;
};

/// The names of a model's weights: their paths without that of the model, and without the name of the model itself,
/// with which those of Keras 3 begin.
std::vector<std::string> weight_names(const KerasLayer& model) {
  std::vector<std::string> names;
  for (const std::string& path : model.weight_paths) {
    names.push_back(path.starts_with(model.path + "/") ? path.substr(model.path.size() + 1) : path);
  }
  const std::string own = model.name + "/";
  const auto begins = [&](const std::string& name) { return name.starts_with(own); };
  if (std::all_of(names.begin(), names.end(), begins)) {
    for (std::string& name : names) name.erase(0, own.size());
  }
  return names;
}

/// A model's weights are listed with those that cannot be trained behind all others, so only their names tell the
/// layer: "lstm/lstm_cell/kernel:0" (Keras 2), "model/lstm/lstm_cell/kernel" (Keras 3).
void share_by_name(KerasLayer& model) {
  const Owners owners(model.layers);
  const std::vector<std::string> names = weight_names(model);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::optional<std::size_t> owner = owners.owner_of(names[k]);
    if (!owner) {
      model.problem = ValueError(place_of(model) + ": weight", "'" + model.weight_paths[k] + "'",
                                 "a name that has the name of one of the layers in the model")
                          .what();
      for (KerasLayer& layer : model.layers) layer.problem = model.problem;
      return;
    }
    model.layers[*owner].weights.push_back(model.weights[k]);
    model.layers[*owner].weight_paths.push_back(model.weight_paths[k]);
  }
  for (KerasLayer& layer : model.layers) {
    layer.path = model.path;
    share_weights(layer);
  }
}

}  // namespace

void share_weights(KerasLayer& layer) {
  if (!layer.layers.empty()) {
    if (layer.weight_paths.size() == layer.weights.size()) share_by_name(layer);
  } else if (layer.wrapped.size() == 2) {
    share_directions(layer);
  } else if (layer.wrapped.size() == 1) {
    assign(layer, 0, layer.weights.size(), layer.wrapped[0]);
  }
}

}  // namespace rondo
