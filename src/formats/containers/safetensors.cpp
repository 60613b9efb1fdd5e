#include "rondo/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "formats/containers/input_file.h"
#include "formats/containers/named_tensors.h"
#include "formats/containers/raw_tensor.h"
#include "formats/containers/safetensors_header.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Memory for the data section, which the allocator aligns for every dtype.
std::shared_ptr<Storage> allocate(std::uint64_t bytes) {
  return Tensor::empty({static_cast<std::int64_t>(bytes)}, DType::u8).storage();
}

std::span<std::byte> bytes_of(const Storage& storage) {
  return {static_cast<std::byte*>(storage.data()), storage.bytes()};
}

Tensor tensor_of(const SafetensorsEntry& entry, const std::shared_ptr<Storage>& data, const std::string& file) {
  const std::uint64_t width = size_of(entry.dtype);
  const std::span<std::byte> bytes = bytes_of(*data).subspan(entry.begin, entry.end - entry.begin);
  const std::string where = file + ": tensor '" + entry.name + "'";
  if (entry.begin % width != 0) return copy_tensor(bytes, entry.shape, entry.dtype, where);
  if (entry.dtype == DType::boolean) check_booleans(bytes, where);
  return {data, entry.dtype, entry.shape, contiguous_strides(entry.shape),
          static_cast<std::int64_t>(entry.begin / width)};
}

Safetensors assemble(const SafetensorsHeader& header, const std::shared_ptr<Storage>& data, const std::string& file) {
  std::vector<NamedTensor> tensors;
  tensors.reserve(header.entries.size());
  for (const SafetensorsEntry& entry : header.entries) tensors.push_back({entry.name, tensor_of(entry, data, file)});
  return {file, std::move(tensors), header.metadata};
}

void check_prefix(std::uint64_t file_size, const std::string& file) {
  if (file_size < kSafetensorsPrefix) {
    throw ValueError(file, std::to_string(file_size) + " bytes", "a header size of 8 bytes and a header");
  }
}

}  // namespace

Safetensors::Safetensors(std::string file, std::vector<NamedTensor> tensors,
                         std::map<std::string, std::string> metadata)
    : file_(std::move(file)), tensors_(std::move(tensors)), metadata_(std::move(metadata)) {
  for (std::size_t k = 0; k < tensors_.size(); ++k) {
    if (!index_.emplace(tensors_[k].name, k).second) {
      throw ValueError(file_, "two tensors '" + tensors_[k].name + "'", "each name once");
    }
  }
}

const Tensor& Safetensors::tensor(const std::string& name) const {
  const auto found = index_.find(name);
  if (found != index_.end()) return tensors_[found->second].tensor;
  refuse_name(file_, name, tensors_);
}

Safetensors load_safetensors(const std::filesystem::path& path) {
  InputFile file(path);
  check_prefix(file.size(), file.name());
  std::array<std::byte, kSafetensorsPrefix> prefix{};
  file.read(prefix);
  const std::uint64_t header_size = safetensors_header_size(prefix, file.size(), file.name());
  std::string text(header_size, '\0');
  file.read(std::as_writable_bytes(std::span(text)));
  const std::uint64_t data_size = file.size() - kSafetensorsPrefix - header_size;
  const SafetensorsHeader header = parse_safetensors_header(text, data_size, file.name());
  const std::shared_ptr<Storage> data = allocate(data_size);
  file.read(bytes_of(*data));
  return assemble(header, data, file.name());
}

Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& name) {
  check_prefix(bytes.size(), name);
  std::array<std::byte, kSafetensorsPrefix> prefix{};
  std::copy_n(bytes.begin(), prefix.size(), prefix.begin());
  const std::uint64_t header_size = safetensors_header_size(prefix, bytes.size(), name);
  const std::span<const std::byte> text = bytes.subspan(kSafetensorsPrefix, header_size);
  const std::span<const std::byte> content = bytes.subspan(kSafetensorsPrefix + header_size);
  const SafetensorsHeader header =
      parse_safetensors_header({reinterpret_cast<const char*>(text.data()), text.size()}, content.size(), name);
  const std::shared_ptr<Storage> data = allocate(content.size());
  std::copy(content.begin(), content.end(), bytes_of(*data).begin());
  return assemble(header, data, name);
}

}  // namespace rondo
