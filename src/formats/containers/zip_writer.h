/// Zip archives that are written at once.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace rondo {

/// A file of an archive.
struct ZipEntry {
  std::string name;
  std::string content;
};

/// Writes an archive of files without compression, in this order and with equal bytes in every run. Throws `ValueError`
/// naming the archive that cannot be written.
void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries);

}  // namespace rondo
