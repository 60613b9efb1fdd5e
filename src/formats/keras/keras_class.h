/// The class of an entry of a Keras configuration.
#pragma once

#include <span>
#include <string>

#include "formats/keras/keras_fields.h"

namespace rondo {

/// The class of a layer or a cell. A class that is not Keras's own gets its package in front, whatever its name:
/// "package>LSTM"; "Custom" is the package of a class without one.
std::string class_of(const KerasFields& entry);

/// Keras's class that the registry of `origin` gives for a class; the class itself if there is none.
std::string known_class(const std::string& class_name, const KerasOrigin& origin);

/// The classes of layers that do nothing outside of training: dropout, noise and regularization.
std::span<const char* const> training_classes();

}  // namespace rondo
