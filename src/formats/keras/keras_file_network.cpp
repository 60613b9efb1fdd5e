#include "formats/network/file_networks.h"
#include "rondo/formats/keras_model.h"

namespace rondo {

LoadedNetwork keras_file_network(const std::filesystem::path& path, const NetworkChoice& choice) {
  const KerasModel model = choice.weights.empty() ? load_keras(path) : load_keras(path, choice.weights);
  if (choice.parts.empty()) return keras_network(model);
  std::vector<KerasLayer> layers;
  for (const std::string& name : choice.parts) layers.push_back(model.layer(name));
  return keras_network(layers);
}

}  // namespace rondo
