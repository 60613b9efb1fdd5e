/// Files inside a zip archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "formats/containers/byte_buffer.h"

struct zip;  // libzip's archive

namespace rondo {

/// A zip archive that is only read. Throws `ValueError` naming the archive, and the file inside, for all that libzip
/// refuses: no archive, a missing or encrypted file, a wrong checksum.
class ZipArchive {
 public:
  /// `kind` is what messages call the archive: "a .keras archive".
  ZipArchive(const std::filesystem::path& path, std::string kind);
  /// Opens an archive in memory, which must not change while the archive lives; messages call the archive `name`.
  ZipArchive(std::span<const std::byte> bytes, std::string name, std::string kind);

  /// The names of all files, in the archive's order. Throws if their sizes together exceed what the archive's bytes can
  /// decompress to, because entries may share bytes.
  std::vector<std::string> names() const;

  ByteBuffer read(const std::string& name) const;

 private:
  struct Discard {
    void operator()(zip* archive) const;
  };

  [[noreturn]] void refuse(const std::string& reason) const;
  void check_not_empty() const;

  std::string name_;
  std::string kind_;
  std::uintmax_t bytes_ = 0;  // size of the archive
  std::unique_ptr<zip, Discard> archive_;
};

}  // namespace rondo
