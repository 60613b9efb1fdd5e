/// Groups of an HDF5 file. All calls, and those of the groups, need an HdfSession.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "formats/containers/array_group.h"
#include "formats/containers/hdf5_library.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// The root of a file, which stays open as long as any of its groups lives. Links that are not hard, and datasets whose
/// bytes are in another file, are refused, because an untrusted file must not choose which files its reader opens.
ArrayGroup open_hdf(const std::filesystem::path& path);
/// The same as a part of merged_root.
std::shared_ptr<const GroupSource> open_hdf_source(const std::filesystem::path& path);

/// How tensors of a file in memory get their elements.
enum class HdfTensors : std::uint8_t {
  copies,
  views  ///< of the file's memory, where elements lie there as in a tensor: as long as one lives, all of the file does
};

/// The root of a file in memory; messages call the file `file`.
ArrayGroup open_hdf_image(const std::shared_ptr<Storage>& image, const std::string& file, HdfTensors tensors);

}  // namespace rondo
