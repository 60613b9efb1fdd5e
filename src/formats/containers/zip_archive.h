/// Files inside a zip archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct zip;  // libzip's archive

namespace rondo {

/// Throws `ValueError` naming the archive, and the file in it, for whatever libzip refuses: no archive, a missing or
/// encrypted file, a wrong checksum.
class ZipArchive {
 public:
  /// `kind` is what messages call it: "a .keras archive".
  ZipArchive(const std::filesystem::path& path, std::string kind);
  /// The same from memory, which stays as it is while the archive lives; `name` stands for the file in messages.
  ZipArchive(std::span<const std::byte> bytes, std::string name, std::string kind);

  /// All files, in the archive's order. Throws where they claim to be larger together than the archive's bytes can be:
  /// entries may share their bytes.
  std::vector<std::string> names() const;

  std::vector<std::byte> read(const std::string& name) const;

 private:
  struct Discard {
    void operator()(zip* archive) const;
  };

  [[noreturn]] void refuse(const std::string& reason) const;
  void check_not_empty() const;

  std::string name_;
  std::string kind_;
  std::uintmax_t bytes_ = 0;  // of the archive
  std::unique_ptr<zip, Discard> archive_;
};

}  // namespace rondo
