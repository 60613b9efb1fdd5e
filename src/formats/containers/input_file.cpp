#include "formats/containers/input_file.h"

#include <algorithm>
#include <system_error>

#include "rondo/vocabulary/error.h"

namespace rondo {

InputFile::InputFile(const std::filesystem::path& path) : name_(path.string()) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  // A directory or a device can be opened like a file, but reading it fails or never ends.
  if (status.type() == std::filesystem::file_type::not_found) throw ValueError(name_, "no such file", "a file");
  if (error) throw ValueError(name_, error.message(), "a readable file");
  if (std::filesystem::is_directory(status)) throw ValueError(name_, "a directory", "a file");
  if (!std::filesystem::is_regular_file(status)) throw ValueError(name_, "a special file", "a regular file");
  size_ = std::filesystem::file_size(path, error);
  stream_.open(path, std::ios::binary);
  if (error || !stream_) throw ValueError(name_, "a file that cannot be opened", "a readable file");
}

void InputFile::read(std::span<std::byte> bytes) {
  stream_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (static_cast<std::size_t>(stream_.gcount()) != bytes.size()) {
    throw ValueError(name_, "the end after " + std::to_string(stream_.gcount()) + " bytes",
                     std::to_string(bytes.size()) + " bytes");
  }
}

ByteBuffer InputFile::read_all() {
  ByteBuffer bytes(static_cast<std::size_t>(size_));
  read(bytes);
  return bytes;
}

std::string InputFile::read_start(std::size_t count) {
  std::string start(static_cast<std::size_t>(std::min<std::uint64_t>(count, size_)), '\0');
  read(std::as_writable_bytes(std::span(start)));
  return start;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 20;
  if (names.empty()) return "none (there are no names)";
  std::string text;
  for (std::size_t k = 0; k < std::min(names.size(), kMost); ++k) text += (k == 0 ? "'" : ", '") + names[k] + "'";
  return names.size() > kMost ? text + ", ... (" + std::to_string(names.size()) + " in all)" : text;
}

}  // namespace rondo
