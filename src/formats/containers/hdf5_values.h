/// The contents of HDF5 datasets and attributes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/containers/hdf5_library.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// Reads a dataset of an element type that GroupSource::tensor lists. Throws `ValueError` naming `where`. Where
/// `image`, which may be null, has the bytes of the file, a dataset of some size that lies there as a tensor does is a
/// view of it.
Tensor read_hdf_tensor(const HdfHandle& dataset, const std::string& where, const std::shared_ptr<Storage>& image);

/// Whether the elements of a dataset are whole numbers, with or without a sign.
bool is_hdf_integer(const HdfHandle& dataset, const std::string& where);

/// Reads an attribute of one string or a list of strings. No value if `object` has no such attribute.
std::optional<std::vector<std::string>> read_hdf_strings(const HdfHandle& object, const std::string& attribute,
                                                         const std::string& where);

}  // namespace rondo
