/// Groups of an HDF5 file. All calls, and those of the groups, need an HdfSession.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "formats/containers/array_group.h"
#include "formats/containers/hdf5_library.h"

namespace rondo {

/// The root of a file, which stays open as long as any of its groups lives. Links that are not hard, and datasets whose
/// bytes are in another file, are refused, because an untrusted file must not choose which files its reader opens.
ArrayGroup open_hdf(const std::filesystem::path& path);
/// The same as a part of merged_root.
std::shared_ptr<const GroupSource> open_hdf_source(const std::filesystem::path& path);

/// The root of a file in memory, which must outlive all of its groups; messages call the file `file`.
ArrayGroup open_hdf_image(std::span<const std::byte> bytes, const std::string& file);

}  // namespace rondo
