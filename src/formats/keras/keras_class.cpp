#include "formats/keras/keras_class.h"

#include <array>

#include "rondo/formats/keras_registry.h"

namespace rondo {

std::string class_of(const KerasFields& entry) {
  const std::string name = entry.text("class_name");
  const std::string registered = entry.text("registered_name", "");
  if (registered.find('>') != std::string::npos) return registered;
  if (!entry.contains("module")) return name;  // the form of before Keras 2.12
  const std::string module = entry.text("module", "");
  // Keras names no module for classes of others, and no registered name for its own layers.
  if (module.empty()) return registered.empty() ? name : "Custom>" + registered;
  for (const char* const own : {"keras", "tf_keras", "tensorflow"}) {
    if (module == own || module.starts_with(std::string(own) + ".")) return name;
  }
  return module + ">" + name;
}

std::string known_class(const std::string& class_name, const KerasOrigin& origin) {
  return origin.registry == nullptr ? class_name : origin.registry->keras_class(class_name);
}

std::span<const char* const> training_classes() {
  static constexpr std::array kNames{"ActivityRegularization", "AlphaDropout",    "Dropout",
                                     "GaussianDropout",        "GaussianNoise",   "SpatialDropout1D",
                                     "SpatialDropout2D",       "SpatialDropout3D"};
  return kNames;
}

}  // namespace rondo
