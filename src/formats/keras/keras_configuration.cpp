#include "formats/keras/keras_configuration.h"

#include <charconv>
#include <set>
#include <utility>

#include "formats/containers/json.h"
#include "formats/keras/keras_activation.h"
#include "formats/keras/keras_class.h"
#include "formats/keras/keras_recurrent.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

constexpr std::size_t kDepth = 100;  // a model in a model in a model takes about fifteen

KerasDenseConfiguration parse_dense(const KerasFields& config) {
  KerasDenseConfiguration dense;
  dense.units = config.units();
  dense.activation =
      parse_keras_activation(config.value("activation"), config.where() + ": activation", config.origin()).name;
  dense.use_bias = config.flag("use_bias", true);
  return dense;
}

bool is_input(const json& entry) {
  const auto class_name = entry.find("class_name");  // the end if `entry` is no object
  return class_name != entry.end() && *class_name == "InputLayer";
}

std::vector<KerasLayer> parse_layers(const json& entries, const KerasOrigin& origin) {
  std::vector<KerasLayer> layers;
  std::set<std::string> names;
  for (const json& entry : entries) {
    if (is_input(entry)) continue;
    layers.push_back(parse_keras_entry(entry, origin));
    if (!names.insert(layers.back().name).second) {
      throw ValueError(origin.file + ": configuration", "two layers '" + origin.inside + layers.back().name + "'",
                       "each name once");
    }
  }
  return layers;
}

/// The entries of a model's layers; null for a class that is no model, or that is a model of another kind.
const json* entries_of(const json& model) {
  if (!model.is_object()) return nullptr;
  const auto config = model.find("config");
  if (config == model.end()) return nullptr;
  if (config->is_array()) return &*config;  // a Sequential before Keras 2.3
  const auto layers = config->is_object() ? config->find("layers") : config->end();
  return config->is_object() && layers != config->end() && layers->is_array() ? &*layers : nullptr;
}

bool is_model_class(const std::string& class_name) {
  return class_name == "Sequential" || class_name == "Functional" || class_name == "Model";
}

/// Parses the layers of a model that is a layer, and its name, which the form before Keras 2.3 has not.
void parse_inner_model(const json& value, const KerasOrigin& origin, KerasLayer& layer) {
  const json* const entries = entries_of(value);
  if (entries == nullptr) {
    throw ValueError(origin.file + ": layer '" + origin.inside + layer.name + "'",
                     "a " + layer.class_name + " without a list of layers", "its layers");
  }
  KerasOrigin inside = origin;
  inside.inside += layer.name + "/";
  layer.layers = parse_layers(*entries, inside);
}

/// Parses what the class of a layer has, and keeps the reason where that is beyond Rondo.
void parse_class(const json& value, const KerasFields& config, KerasLayer& layer) {
  const std::string known = known_class(layer.class_name, config.origin());
  try {
    if (is_keras_recurrent(known)) parse_keras_recurrent(known, config, layer);
    if (conv_lstm_rank(known) != 0) layer.conv_lstm = parse_keras_conv_lstm(known, config);
    if (known == "Dense") layer.dense = parse_dense(config);
    if (known == "Bidirectional") parse_bidirectional(config, layer);
    if (known == "TimeDistributed") parse_time_distributed(config, layer);
    if (is_model_class(known)) parse_inner_model(value, config.origin(), layer);
  } catch (const ValueError& error) {
    layer.problem = error.what();
  }
}

}  // namespace

KerasLayer parse_keras_entry(const json& value, const KerasOrigin& origin) {
  const KerasFields entry(value, origin.file + ": layer", origin);
  KerasLayer layer;
  layer.file = origin.file;
  layer.configuration = value.dump();
  layer.class_name = class_of(entry);
  const json& object = entry.value("config");  // null is refused below, as no object
  if (object.is_array()) {                     // a Sequential before Keras 2.3, which is named by its entry alone
    layer.name = entry.text("name", "sequential");
    parse_class(value, entry, layer);
    return layer;
  }
  const std::string nameless = origin.file + ": layer of class " + layer.class_name;
  layer.name = KerasFields(entry.object("config"), nameless, origin).text("name");
  const KerasFields config(object, origin.file + ": layer '" + origin.inside + layer.name + "'", origin);
  parse_class(value, config, layer);
  return layer;
}

KerasArchitecture parse_keras_architecture(std::string_view text, const KerasOrigin& origin) {
  const std::string where = origin.file + ": configuration";
  const json document = parse_json(text, where, kDepth);
  const KerasFields model(document, where, origin);
  if (model.contains("layers")) return {parse_layers(model.list("layers"), origin)};
  if (const json* const entries = entries_of(document)) return {parse_layers(*entries, origin)};
  const KerasFields config(model.object("config"), where, origin);
  if (config.contains("layers")) config.list("layers");  // throws, as it is no list
  if (!config.contains("name") || class_of(model).find('>') != std::string::npos) {
    return {{},
            where + ": class '" + class_of(model) +
                "', a subclassed model, whose configuration does not list its layers: the file gives weights by "
                "name alone"};
  }
  KerasArchitecture single;
  single.layers.push_back(parse_keras_entry(document, origin));
  return single;
}

std::vector<KerasLayer> parse_keras_configuration(std::string_view text, const KerasOrigin& origin) {
  KerasArchitecture architecture = parse_keras_architecture(text, origin);
  if (!architecture.problem.empty()) throw ValueError(architecture.problem);
  return std::move(architecture.layers);
}

KerasLayer parse_keras_layer(std::string_view text, const KerasOrigin& origin) {
  return parse_keras_entry(parse_json(text, origin.file + ": configuration", kDepth), origin);
}

KerasOrigin keras_origin(const std::string& version, const std::string& file) {
  KerasOrigin origin{file};
  const char* const end = version.data() + version.size();
  const auto [rest, error] = std::from_chars(version.data(), end, origin.major);
  if (error != std::errc() || origin.major < 1) {
    throw ValueError(file + ": keras_version", "'" + version + "'", "a version such as 2.15.0");
  }
  // A version without a second number, such as "2", counts as 2.0.
  if (rest != end && *rest == '.') std::from_chars(rest + 1, end, origin.minor);
  return origin;
}

}  // namespace rondo
