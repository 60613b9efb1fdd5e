#include <algorithm>
#include <array>
#include <utility>

#include "formats/containers/input_file.h"
#include "formats/keras/keras_options.h"
#include "rondo/formats/keras_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

/// "LSTM(4)" and so on of each cell, or of a Dense.
std::string sizes_of(const KerasLayer& layer) {
  std::vector<std::string> sizes;
  if (layer.recurrent) {
    for (const CellSpec& cell : layer.recurrent->cells) sizes.push_back(std::to_string(cell.units));
  }
  if (layer.conv_lstm) sizes.push_back(std::to_string(layer.conv_lstm->cell.filters));
  if (layer.dense) sizes = {std::to_string(layer.dense->units), layer.dense->activation};
  return sizes.empty() ? "" : "(" + joined(sizes) + ")";
}

std::vector<std::string> options_set(const KerasLayer& layer) {
  std::vector<std::string> set;
  const RNNOptions* const options = options_of(layer);
  if (options == nullptr) return set;
  const std::array<std::pair<const char*, bool>, 6> known{{{"return_sequences", options->return_sequences},
                                                           {"return_state", options->return_state},
                                                           {"go_backwards", options->go_backwards},
                                                           {"stateful", options->stateful},
                                                           {"time_major", options->time_major},
                                                           {"zero_output_for_mask", options->zero_output_for_mask}}};
  for (const auto& [name, is_set] : known) {
    if (is_set) set.emplace_back(name);
  }
  return set;
}

std::string weights_of(const KerasLayer& layer) {
  if (!layer.layers.empty()) return std::to_string(layer.weights.size()) + " weights";
  std::vector<std::string> weights;
  weights.reserve(layer.weights.size());
  for (const Tensor& weight : layer.weights) weights.push_back(to_string(weight.dtype()) + to_string(weight.shape()));
  return weights.empty() ? "no weights" : joined(weights);
}

/// Why make_recurrent makes no layer of it, without the name of file and layer.
std::string reason_of(const KerasLayer& layer) {
  std::string reason = layer.problem;
  for (const std::string& start : {layer.file + ": layer '", std::string("layer '")}) {
    if (!reason.starts_with(start)) continue;
    const std::size_t end = reason.find("': ", start.size());
    if (end != std::string::npos) reason.erase(0, end + 3);
  }
  if (!reason.empty()) return "; cannot be made: " + reason;
  const bool own = layer.class_name.find('>') != std::string::npos && !is_recurrent(layer);
  return own ? "; a class that is not Keras's own, which a KerasRegistry may know" : "";
}

void add_lines(const KerasLayer& layer, int depth, std::string& text) {
  const std::string kind = layer.class_name.empty() ? "a layer of unknown class" : layer.class_name;
  std::vector<std::string> options = options_set(layer);
  if (!layer.merge_mode.empty()) options.push_back("merge_mode " + layer.merge_mode);
  text += std::string(static_cast<std::size_t>(2 * depth), ' ') + layer.name + ": " + kind + sizes_of(layer);
  if (!options.empty()) text += ", " + joined(options);
  text += "; " + weights_of(layer) + reason_of(layer) + "\n";
  for (const KerasLayer& inner : layer.wrapped) add_lines(inner, depth + 1, text);
  for (const KerasLayer& inner : layer.layers) add_lines(inner, depth + 1, text);
}

/// The layer of a path of names, such as "encoder/lstm"; a name may have slashes itself.
const KerasLayer* find(const std::vector<KerasLayer>& layers, const std::string& path) {
  for (const KerasLayer& layer : layers) {
    if (layer.name == path) return &layer;
    if (layer.name.empty() || !path.starts_with(layer.name + "/")) continue;
    const std::string rest = path.substr(layer.name.size() + 1);
    for (const std::vector<KerasLayer>* const inner : {&layer.layers, &layer.wrapped}) {
      if (const KerasLayer* const found = find(*inner, rest)) return found;
    }
  }
  return nullptr;
}

/// The layer whose weights are at a path in the file, those inside others last.
const KerasLayer* find_by_file_path(const std::vector<KerasLayer>& layers, const std::string& path) {
  for (const KerasLayer& layer : layers) {
    if (layer.path == path) return &layer;
  }
  for (const KerasLayer& layer : layers) {
    for (const std::vector<KerasLayer>* const inner : {&layer.layers, &layer.wrapped}) {
      if (const KerasLayer* const found = find_by_file_path(*inner, path)) return found;
    }
  }
  return nullptr;
}

}  // namespace

const KerasLayer& KerasModel::layer(const std::string& name) const {
  if (const KerasLayer* const found = find(layers, name)) return *found;
  const KerasLayer* const found = name.empty() ? nullptr : find_by_file_path(layers, name);
  if (found != nullptr) return *found;
  std::vector<std::string> names;
  for (const KerasLayer& known : layers) names.push_back(known.name);
  throw ValueError(file + ": layer", "'" + name + "'", "one of " + listed(names));
}

std::string describe(const KerasLayer& layer) {
  std::string text;
  add_lines(layer, 0, text);
  text.pop_back();  // the last end of line
  return text;
}

std::string describe(const KerasModel& model) {
  std::string text = model.file;
  if (!model.keras_version.empty()) text += ", of Keras " + model.keras_version;
  text += model.configuration.empty() ? ", weights alone\n" : "\n";
  if (!model.problem.empty()) text += "  " + model.problem + "\n";
  for (const KerasLayer& layer : model.layers) add_lines(layer, 1, text);
  text.pop_back();
  return text;
}

}  // namespace rondo
