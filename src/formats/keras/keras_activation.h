/// Activations as configurations of Keras have them: names, functions and layers.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "formats/keras/keras_fields.h"
#include "rondo/vocabulary/activation.h"

namespace rondo {

/// An activation of a configuration.
struct KerasActivation {
  /// Keras's name, "linear" for null; of an object the name of its class or function: "LeakyReLU", "mine>my_tanh".
  std::string name;
  std::optional<Activation> known = std::nullopt;  ///< absent for one that Rondo does not know
};

/// Parses a name, null, or the object of a layer or a function. Throws `ValueError` naming `where` for any other value.
KerasActivation parse_keras_activation(const nlohmann::json& value, const std::string& where,
                                       const KerasOrigin& origin);

}  // namespace rondo
