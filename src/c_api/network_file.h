/// Networks of files of any kind.
#pragma once

#include <filesystem>
#include <string>

#include "rondo/formats/loaded_network.h"

namespace rondo::c_api {

/// Loads the network of a file, or the part of it that `part` names; "": all. Throws `ValueError` naming what the file
/// lacks, and for a file that this build does not read.
LoadedNetwork network_of_file(const std::filesystem::path& path, const std::string& part);

}  // namespace rondo::c_api
