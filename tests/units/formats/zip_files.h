/// Zip archives that a test reads and writes.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace rondo::test {

/// The files of a zip archive by name.
using Archive = std::map<std::string, std::string>;
Archive read_archive(const std::filesystem::path& path);
void write_archive(const std::filesystem::path& path, const Archive& files);

}  // namespace rondo::test
