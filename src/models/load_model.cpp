// Needs HDF5 and zip, which the rest of the models does not.

#include "rondo/models/model.h"

namespace rondo {

Model load_keras_model(const std::filesystem::path& path, const ModelOptions& options, const KerasRegistry& registry) {
  return Model(load_keras(path, registry), options);
}

Model load_keras_model(const std::filesystem::path& architecture, const KerasWeightsFile& weights,
                       const ModelOptions& options, const KerasRegistry& registry) {
  return Model(load_keras(architecture, weights, registry), options);
}

}  // namespace rondo
