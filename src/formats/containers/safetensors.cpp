#include "rondo/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "formats/containers/file_kind.h"
#include "formats/containers/input_file.h"
#include "formats/containers/named_tensors.h"
#include "formats/containers/raw_tensor.h"
#include "formats/containers/safetensors_header.h"
#include "formats/containers/safetensors_index.h"
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
  std::vector<UnreadableTensor> unreadable;
  tensors.reserve(header.entries.size());
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.unreadable) {
      unreadable.push_back(*entry.unreadable);
    } else {
      tensors.push_back({entry.name, tensor_of(entry, data, file)});
    }
  }
  return {file, std::move(tensors), header.metadata, std::move(unreadable)};
}

/// A file of another kind would fail by its first bytes, which are no size.
void check_kind(FileKind kind, const std::string& file) {
  if (kind != FileKind::empty) refuse_other_kind(file, kind, FileKind::safetensors, "a safetensors file");
}

void check_prefix(std::uint64_t file_size, const std::string& file) {
  if (file_size < kSafetensorsPrefix) {
    throw ValueError(file, std::to_string(file_size) + " bytes", "a header size of 8 bytes and a header");
  }
}

}  // namespace

Safetensors::Safetensors(std::string file, std::vector<NamedTensor> tensors,
                         std::map<std::string, std::string> metadata, std::vector<UnreadableTensor> unreadable)
    : file_(std::move(file)),
      tensors_(std::move(tensors)),
      metadata_(std::move(metadata)),
      unreadable_(std::move(unreadable)) {
  const auto put = [&](const std::string& name, std::size_t place) {
    if (!index_.emplace(name, place).second) throw ValueError(file_, "two tensors '" + name + "'", "each name once");
  };
  for (std::size_t k = 0; k < tensors_.size(); ++k) put(tensors_[k].name, k);
  for (std::size_t k = 0; k < unreadable_.size(); ++k) put(unreadable_[k].name, tensors_.size() + k);
}

const Tensor& Safetensors::tensor(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) refuse_name(file_, name, tensors_);
  if (found->second < tensors_.size()) return tensors_[found->second].tensor;
  const UnreadableTensor& unreadable = unreadable_[found->second - tensors_.size()];
  throw ValueError(file_ + ": tensor '" + name + "'", unreadable.came, unreadable.expected);
}

std::string describe(const Safetensors& file) {
  std::string text = file.file() + ": " + std::to_string(file.tensors().size()) + " tensors";
  if (!file.unreadable().empty())
    text += ", and " + std::to_string(file.unreadable().size()) + " that Rondo cannot hold";
  for (const NamedTensor& named : file.tensors()) {
    text += "\n  " + named.name + "  " + to_string(named.tensor.dtype()) + to_string(named.tensor.shape());
  }
  for (const UnreadableTensor& named : file.unreadable()) {
    text += "\n  " + named.name + "  " + named.came + ": expected " + named.expected;
  }
  return text;
}

Safetensors load_safetensors(const std::filesystem::path& path) {
  const FileKind kind = file_kind(path);
  if (kind == FileKind::safetensors_index) return load_safetensors_index(path);
  check_kind(kind, path.string());
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
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kFileKindBytes));
  check_kind(file_kind(start, bytes.size()), name);
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
