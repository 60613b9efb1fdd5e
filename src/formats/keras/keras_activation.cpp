#include "formats/keras/keras_activation.h"

#include <limits>

#include "formats/containers/json.h"
#include "rondo/vocabulary/error.h"
#include "vocabulary/activations/names.h"

namespace rondo {
namespace {

using nlohmann::json;

constexpr int kDeepest = 8;  // Activation("relu") is an object whose configuration has a name

/// A layer that is an activation, with the defaults of its class. Keras 2 has `alpha` for negative_slope, and null for
/// 0.
std::optional<Activation> layer_activation(const std::string& class_name, const KerasFields& config) {
  if (class_name == "LeakyReLU") {
    return Activation(Activation::leaky_relu, config.number("negative_slope", config.number("alpha", 0.3)));
  }
  if (class_name == "ELU") return Activation(Activation::elu, config.number("alpha", 1.0));
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (class_name == "ThresholdedReLU")
    return Activation(Activation::general_relu, 0, kInfinity, config.number("theta", 1));
  if (class_name != "ReLU") return std::nullopt;
  const double slope = config.number("negative_slope", 0.0);
  const double highest = config.number("max_value", kInfinity);
  const Activation relu(Activation::general_relu, slope, highest, config.number("threshold", 0.0));
  return relu == Activation::general_relu ? Activation::relu : relu;
}

/// Keras 2 also takes the name of the class of a layer.
KerasActivation named(const std::string& name, const std::string& where, const KerasOrigin& origin) {
  const std::optional<Activation> known = find_keras_activation(name, origin.major);
  if (known || origin.major >= 3) return {name, known};
  const json defaults = json::object();
  return {name, layer_activation(name, KerasFields(defaults, where, origin))};
}

KerasActivation parse(const json& value, const std::string& where, const KerasOrigin& origin, int depth) {
  if (value.is_null()) return {"linear", Activation::linear};
  if (value.is_string()) return named(value.get<std::string>(), where, origin);
  if (!value.is_object() || depth == kDeepest) throw ValueError(where, shown(value), "a name or an object");
  const KerasFields object(value, where, origin);
  const std::string class_name = object.text("class_name", "");
  const auto config = value.find("config");
  if (config == value.end()) return {class_name};
  if (class_name == "function" && config->is_string()) return named(config->get<std::string>(), where, origin);
  if (class_name == "Activation" && config->is_object() && config->contains("activation")) {
    return parse(config->at("activation"), where, origin, depth + 1);
  }
  if (!config->is_object()) return {class_name};
  return {class_name, layer_activation(class_name, KerasFields(*config, where, origin))};
}

}  // namespace

KerasActivation parse_keras_activation(const json& value, const std::string& where, const KerasOrigin& origin) {
  return parse(value, where, origin, 0);
}

}  // namespace rondo
