/// A file that is read from front to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "formats/containers/byte_buffer.h"

namespace rondo {

/// Throws `ValueError` naming the file if the file does not exist, is not a regular file, or ends too early.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);

  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  /// Fills `bytes` with the next bytes of the file.
  void read(std::span<std::byte> bytes);
  /// All bytes of the file; must be the first read.
  ByteBuffer read_all();
  /// The first `count` bytes, or all if the file has fewer; must be the first read.
  std::string read_start(std::size_t count);

 private:
  std::string name_;
  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

/// A list of names for messages, shortened: "'a', 'b', 'c', ...".
std::string listed(const std::vector<std::string>& names);

}  // namespace rondo
