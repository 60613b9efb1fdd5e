#include "formats/keras/keras_activation.h"

#include <array>
#include <utility>

#include "formats/containers/json.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

constexpr int kDeepest = 8;  // Activation("relu") is an object whose configuration has a name

struct Row {
  const char* name;
  Activation activation;
};

// hard_sigmoid_keras3 is no name of Keras's: its Keras 3 calls that function hard_sigmoid.
constexpr std::array<Row, 5> kRows{{{"linear", Activation::linear},
                                    {"tanh", Activation::tanh},
                                    {"sigmoid", Activation::sigmoid},
                                    {"hard_sigmoid", Activation::hard_sigmoid},
                                    {"relu", Activation::relu}}};

KerasActivation named(const std::string& name, const KerasOrigin& origin) {
  for (const Row& row : kRows) {
    if (name != row.name) continue;
    const bool is_new = row.activation == Activation::hard_sigmoid && origin.major >= 3;
    return {name, is_new ? Activation::hard_sigmoid_keras3 : row.activation};
  }
  return {name};
}

KerasActivation parse(const json& value, const std::string& where, const KerasOrigin& origin, int depth) {
  if (value.is_null()) return {"linear", Activation::linear};
  if (value.is_string()) return named(value.get<std::string>(), origin);
  if (!value.is_object() || depth == kDeepest) throw ValueError(where, shown(value), "a name or an object");
  const KerasFields object(value, where, origin);
  const std::string class_name = object.text("class_name", "");
  const auto config = value.find("config");
  if (config == value.end()) return {class_name};
  if (class_name == "function" && config->is_string()) return named(config->get<std::string>(), origin);
  if (class_name == "Activation" && config->is_object() && config->contains("activation")) {
    return parse(config->at("activation"), where, origin, depth + 1);
  }
  return {class_name};
}

}  // namespace

KerasActivation parse_keras_activation(const json& value, const std::string& where, const KerasOrigin& origin) {
  return parse(value, where, origin, 0);
}

std::string known_keras_activations() {
  std::string names;
  for (const Row& row : kRows) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

}  // namespace rondo
