/// Files inside a zip archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct zip;  // libzip's archive

namespace rondo {

/// Throws `ValueError` naming the archive, and the file in it, for whatever libzip refuses: no archive, a missing or
/// encrypted file, a wrong checksum.
class ZipArchive {
 public:
  explicit ZipArchive(const std::filesystem::path& path);

  std::vector<std::byte> read(const std::string& name) const;

 private:
  struct Discard {
    void operator()(zip* archive) const;
  };

  std::string name_;
  std::uintmax_t bytes_ = 0;  // of the archive
  std::unique_ptr<zip, Discard> archive_;
};

}  // namespace rondo
