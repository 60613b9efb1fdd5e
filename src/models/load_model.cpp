// Needs HDF5 and zip, which the rest of the models does not.

#include "rondo/models/model.h"

namespace rondo {

Model load_keras_model(const std::filesystem::path& path, const ModelOptions& options) {
  return Model(load_keras(path), options);
}

}  // namespace rondo
