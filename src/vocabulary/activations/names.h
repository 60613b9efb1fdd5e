/// Names of activations, for messages that say more than activation_from_name knows.
#pragma once

#include <optional>
#include <string>

#include "rondo/vocabulary/activation.h"

namespace rondo {

/// As keras_activation_from_name, but absent for a name that Keras does not have.
std::optional<Activation> find_keras_activation(const std::string& name, int keras_major);

/// What a message expects in place of `name`: Keras's names and, where it is one, that it is a function of a whole row.
std::string expected_keras_activation(const std::string& name);

}  // namespace rondo
