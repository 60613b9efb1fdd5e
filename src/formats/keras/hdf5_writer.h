/// HDF5 files that are written in memory.
#pragma once

#include <string>
#include <vector>

#include "rondo/formats/safetensors.h"

namespace rondo {

/// The bytes of a file with a dataset for each tensor, f32 or f64 on the host, whose name is its path: "layers/lstm/0".
/// `name` is the file's, for messages. Throws `ValueError` for what HDF5 refuses.
std::string hdf5_bytes(const std::vector<NamedTensor>& datasets, const std::string& name);

}  // namespace rondo
