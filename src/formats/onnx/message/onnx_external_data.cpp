#include "formats/onnx/message/onnx_external_data.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>

#include "formats/containers/confined_path.h"
#include "formats/containers/input_file.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::optional<std::string> entry(const OnnxTensorMessage& tensor, const std::string& key) {
  for (const OnnxTensorMessage::Entry& each : tensor.external_data) {
    if (each.key == key) return each.value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number(const OnnxTensorMessage& tensor, const std::string& key, const std::string& where) {
  const std::optional<std::string> text = entry(tensor, key);
  if (!text) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    throw ValueError(where + ": external data: " + key, "'" + *text + "'", "a number of bytes");
  }
  return value;
}

/// Refuses what is no regular file.
std::uint64_t size_of_file(const std::filesystem::path& path, const std::string& where) {
  try {
    return InputFile(path).size();
  } catch (const ValueError& error) {
    throw ValueError(where + ": external data: " + error.what());
  }
}

}  // namespace

std::shared_ptr<std::vector<std::byte>> read_external_data(const OnnxTensorMessage& tensor, std::uint64_t count,
                                                           const std::string& where) {
  const std::string location = entry(tensor, "location").value_or("");
  if (!tensor.model) {
    throw ValueError(where, "data in another file, '" + location + "', of a model in memory",
                     "data inside of the model");
  }
  const std::filesystem::path path = confined_path(*tensor.model, location, where + ": external data");
  const std::uint64_t size = size_of_file(path, where);
  const std::uint64_t offset = number(tensor, "offset", where).value_or(0);
  const std::uint64_t rest = size > offset ? size - offset : 0;
  const std::uint64_t length = number(tensor, "length", where).value_or(rest);
  if (length != count) {
    throw ValueError(where + ": external data", std::to_string(length) + " bytes", std::to_string(count) + " bytes");
  }
  if (offset > size || count > rest) {
    throw ValueError(
        where + ": external data",
        "bytes " + std::to_string(offset) + " to " + std::to_string(offset) + " + " + std::to_string(count),
        "a part of '" + location + "', which has " + std::to_string(size) + " bytes");
  }
  auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(count));
  std::ifstream stream(path, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  stream.read(reinterpret_cast<char*>(bytes->data()), static_cast<std::streamsize>(count));
  if (static_cast<std::uint64_t>(stream.gcount()) != count) {
    throw ValueError(where + ": external data", "the end of '" + location + "'", std::to_string(count) + " bytes");
  }
  return bytes;
}

}  // namespace rondo
