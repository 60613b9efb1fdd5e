/// A file that is read from front to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace rondo {

/// Throws `ValueError` naming the file when there is none, it is not a regular file, or it ends too early.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);

  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  /// Fills `bytes` with what comes next.
  void read(std::span<std::byte> bytes);
  /// All bytes of a file that nothing has been read from.
  std::vector<std::byte> read_all();
  /// The first `count` bytes, or all if there are fewer; for a file that nothing has been read from.
  std::string read_start(std::size_t count);

 private:
  std::string name_;
  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

/// "'a', 'b', 'c', ...": what messages list, shortened.
std::string listed(const std::vector<std::string>& names);

}  // namespace rondo
