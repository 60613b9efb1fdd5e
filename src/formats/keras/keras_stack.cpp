// Finds the stack of recurrent layers in a model: between them stands nothing but what does nothing in inference.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "formats/keras/keras_class.h"
#include "formats/keras/keras_recurrent.h"
#include "rondo/formats/keras_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

bool does_nothing_in_inference(const std::string& class_name) {
  const std::span<const char* const> names = training_classes();
  return std::find(names.begin(), names.end(), class_name) != names.end();
}

/// Whether a layer belongs to the stack, also where keras_network of a list then refuses it: for its
/// KerasLayer::problem, for a cell that Rondo does not know.
bool has_recurrence(const KerasLayer& layer) {
  const bool of_its_own = layer.recurrent || layer.conv_lstm || is_keras_recurrent(layer.class_name) ||
                          conv_lstm_rank(layer.class_name) != 0;
  return of_its_own || std::any_of(layer.wrapped.begin(), layer.wrapped.end(), has_recurrence);
}

/// Adds the names of the layers whose outputs an item of `inbound_nodes` names: ["lstm", 0, 0], which in Keras 3 is the
/// `keras_history` of a tensor.
void add_sources(const json& item, std::set<std::string>& names) {
  const bool is_history = item.is_array() && item.size() >= 3 && item[0].is_string() && item[1].is_number_integer();
  if (is_history) names.insert(item[0].get<std::string>());
  if (is_history || !item.is_structured()) return;
  for (const json& part : item) add_sources(part, names);
}

class Stack {
 public:
  explicit Stack(const KerasModel& model) : model_(model) {
    for (std::size_t k = 0; k < model.layers.size(); ++k) numbers_[model.layers[k].name] = k;
  }

  std::vector<KerasLayer> layers() const {
    std::vector<KerasLayer> found;
    for (std::size_t k = 0; k < model_.layers.size(); ++k) {
      const KerasLayer& layer = model_.layers[k];
      refuse_inner(layer);
      if (!has_recurrence(layer)) continue;
      if (!found.empty()) check_source(k, found.back().name);
      found.push_back(layer);
    }
    if (found.empty()) throw ValueError(model_.file, "a model without recurrent layers", "one with recurrent layers");
    return found;
  }

 private:
  void refuse_inner(const KerasLayer& layer) const {
    for (const KerasLayer& inner : layer.layers) {
      refuse_inner(inner);
      if (!has_recurrence(inner)) continue;
      throw ValueError(
          model_.file + ": layer '" + layer.name + "'", "a model with the recurrent layer '" + inner.name + "' within",
          "recurrent layers of the model itself; parts may name those within: '" + layer.name + "/" + inner.name + "'");
    }
  }

  /// What layer `k` reads: the layer before in a Sequential model, which has no `inbound_nodes`.
  std::set<std::string> sources(std::size_t k) const {
    const json entry = json::parse(model_.layers[k].configuration, nullptr, false);
    std::set<std::string> names;
    if (entry.is_object() && entry.contains("inbound_nodes") && !entry["inbound_nodes"].empty()) {
      const json& nodes = entry["inbound_nodes"];
      if (nodes.size() > 1) throw refusal(k, "several calls", "one");
      add_sources(nodes, names);
    } else if (k > 0) {
      names.insert(model_.layers[k - 1].name);
    }
    return names;
  }

  void check_source(std::size_t k, const std::string& expected) const {
    std::set<std::string> names = sources(k);
    for (std::size_t hops = 0; hops <= model_.layers.size(); ++hops) {
      if (names == std::set<std::string>{expected}) return;
      const auto found = names.size() == 1 ? numbers_.find(*names.begin()) : numbers_.end();
      if (found == numbers_.end() || !does_nothing_in_inference(model_.layers[found->second].class_name)) break;
      names = sources(found->second);
    }
    std::string came;
    for (const std::string& name : names) came += (came.empty() ? "'" : ", '") + name + "'";
    throw refusal(k, "outputs of " + came,
                  "those of '" + expected + "', with nothing but dropout between; or parts that name the layers");
  }

  ValueError refusal(std::size_t k, const std::string& came, const std::string& expected) const {
    return ValueError(model_.file + ": inputs of layer '" + model_.layers[k].name + "'", came, expected);
  }

  const KerasModel& model_;
  std::map<std::string, std::size_t> numbers_;
};

}  // namespace

LoadedNetwork keras_network(const KerasModel& model) { return keras_network(Stack(model).layers()); }

}  // namespace rondo
