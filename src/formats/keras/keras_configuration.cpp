#include "formats/keras/keras_configuration.h"

#include <charconv>
#include <set>
#include <utility>

#include "formats/containers/json.h"
#include "formats/keras/keras_recurrent.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

constexpr std::size_t kDepth = 100;  // a model in a model in a model takes about fifteen

bool starts_with(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

/// The class of a layer. A class that is not Keras's own gets its package in front, whatever its name: "package>LSTM".
std::string class_of(const KerasFields& entry) {
  const std::string name = entry.text("class_name");
  const std::string registered = entry.text("registered_name", name);
  if (registered.find('>') != std::string::npos) return registered;
  const std::string module = entry.text("module", "keras");
  for (const char* own : {"keras", "tf_keras", "tensorflow"}) {
    if (module == own || starts_with(module, (std::string(own) + ".").c_str())) return name;
  }
  return module + ">" + name;
}

KerasDenseConfiguration parse_dense(const KerasFields& config) {
  KerasDenseConfiguration dense;
  dense.units = config.units();
  dense.activation = config.text("activation", "linear");
  dense.use_bias = config.flag("use_bias", true);
  return dense;
}

KerasLayer parse_layer(const json& value, const KerasOrigin& origin);

void force_bidirectional_options(KerasLayer& half, const std::string& direction) {
  for (const char* given : {"forward_", "backward_"}) {
    if (starts_with(half.name, given)) half.name.erase(0, std::string(given).size());
  }
  half.name = direction + half.name;
  half.recurrent->options.zero_output_for_mask = half.recurrent->options.return_sequences;
}

void check_halves(const RNNOptions& forward, const RNNOptions& backward, const std::string& where) {
  if (forward.go_backwards == backward.go_backwards) {
    throw ValueError(where + ": go_backwards", "the same in both layers", "one forward and one backward layer");
  }
  const bool agree = forward.return_sequences == backward.return_sequences &&
                     forward.return_state == backward.return_state && forward.stateful == backward.stateful;
  if (!agree) {
    throw ValueError(where, "layers that differ in return_sequences, return_state or stateful", "layers that agree");
  }
}

void parse_bidirectional(const KerasFields& config, KerasLayer& layer) {
  const KerasOrigin& origin = config.origin();
  KerasLayer forward = parse_layer(config.object("layer"), origin);
  if (!forward.recurrent) return;  // a class that Rondo does not know
  const bool given = config.contains("backward_layer");
  KerasLayer backward = given ? parse_layer(config.object("backward_layer"), origin) : forward;
  if (!backward.recurrent) return;
  if (!given) backward.recurrent->options.go_backwards = !forward.recurrent->options.go_backwards;
  check_halves(forward.recurrent->options, backward.recurrent->options, config.where());
  layer.merge_mode = config.contains("merge_mode") ? config.text("merge_mode", "none") : "concat";
  if (std::set<std::string>{"concat", "sum", "mul", "ave", "none"}.count(layer.merge_mode) == 0) {
    throw ValueError(config.where() + ": merge_mode", "'" + layer.merge_mode + "'", "concat, sum, mul, ave or null");
  }
  force_bidirectional_options(forward, "forward_");
  force_bidirectional_options(backward, "backward_");
  // The layers may have the seed of one configuration, and would then drop the same elements.
  for (DropoutOptions& dropout : backward.recurrent->dropout) ++dropout.seed;
  layer.wrapped.push_back(std::move(forward));
  layer.wrapped.push_back(std::move(backward));
}

KerasLayer parse_layer(const json& value, const KerasOrigin& origin) {
  const KerasFields entry(value, origin.file + ": layer", origin);
  KerasLayer layer;
  layer.file = origin.file;
  layer.configuration = value.dump();
  layer.class_name = class_of(entry);
  const json& object = entry.object("config");
  layer.name = KerasFields(object, origin.file + ": layer of class " + layer.class_name, origin).text("name");
  const KerasFields config(object, origin.file + ": layer '" + layer.name + "'", origin);
  if (is_keras_recurrent(layer.class_name)) layer.recurrent = parse_keras_recurrent(layer.class_name, config);
  if (layer.class_name == "Dense") layer.dense = parse_dense(config);
  if (layer.class_name == "Bidirectional") parse_bidirectional(config, layer);
  return layer;
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
    layers.push_back(parse_layer(entry, origin));
    if (!names.insert(layers.back().name).second) {
      throw ValueError(origin.file + ": configuration", "two layers '" + layers.back().name + "'", "each name once");
    }
  }
  return layers;
}

}  // namespace

std::vector<KerasLayer> parse_keras_configuration(std::string_view text, const KerasOrigin& origin) {
  const std::string where = origin.file + ": configuration";
  const json document = parse_json(text, where, kDepth);
  const KerasFields model(document, where, origin);
  if (model.contains("layers")) return parse_layers(model.list("layers"), origin);
  if (model.contains("config") && document["config"].is_array()) {
    return parse_layers(document["config"], origin);  // a Sequential before Keras 2.3
  }
  const KerasFields config(model.object("config"), where, origin);
  if (config.contains("layers")) return parse_layers(config.list("layers"), origin);
  std::vector<KerasLayer> single;
  single.push_back(parse_layer(document, origin));
  return single;
}

KerasLayer parse_keras_layer(std::string_view text, const KerasOrigin& origin) {
  return parse_layer(parse_json(text, origin.file + ": configuration", kDepth), origin);
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
