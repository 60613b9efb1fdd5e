#include "rondo/formats/numpy_file.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "formats/containers/file_kind.h"
#include "formats/containers/input_file.h"
#include "formats/containers/named_tensors.h"
#include "formats/containers/npy_header.h"
#include "formats/containers/raw_tensor.h"
#include "formats/containers/zip_archive.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kVersionEnd = kMagic.size() + 2;
constexpr std::string_view kEnding = ".npy";

std::size_t byte_at(std::span<const std::byte> bytes, std::size_t index) {
  return std::to_integer<std::size_t>(bytes[index]);
}

/// Where the header begins, and its size, which is stored in 2 bytes in version 1, in 4 bytes in versions 2 and 3.
struct HeaderPlace {
  std::size_t begin = 0;
  std::size_t size = 0;
};

HeaderPlace find_header(std::span<const std::byte> bytes, const std::string& name) {
  const bool starts_right = bytes.size() >= kVersionEnd &&
                            std::equal(kMagic.begin(), kMagic.end(), reinterpret_cast<const char*>(bytes.data()));
  if (!starts_right) {
    const std::string_view start(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kFileKindBytes));
    const FileKind kind = file_kind(start, bytes.size());
    throw ValueError(name, kind == FileKind::unknown ? "another file" : described(kind),
                     "a .npy file, which starts with \\x93NUMPY");
  }
  const std::size_t major = byte_at(bytes, kMagic.size());
  const std::size_t minor = byte_at(bytes, kMagic.size() + 1);
  if (major < 1 || major > 3 || minor != 0) {
    throw ValueError(name + ": version", std::to_string(major) + "." + std::to_string(minor), "1.0, 2.0 or 3.0");
  }
  const std::size_t width = major == 1 ? 2 : 4;
  const std::size_t begin = kVersionEnd + width;
  std::size_t size = 0;
  if (bytes.size() >= begin) {
    for (std::size_t k = 0; k < width; ++k) size |= byte_at(bytes, kVersionEnd + k) << (8 * k);
  }
  if (bytes.size() < begin || bytes.size() - begin < size) {
    throw ValueError(name, "the end after " + std::to_string(bytes.size()) + " bytes", "a whole header");
  }
  return {begin, size};
}

/// Column-major data are row-major data of the reversed axes.
Tensor from_fortran(std::span<const std::byte> data, const NpyHeader& header, const std::string& name) {
  Shape reversed = header.shape;
  std::array<int, kMaxRank> order{};
  const int rank = reversed.rank();
  for (int axis = 0; axis < rank; ++axis) {
    reversed[axis] = header.shape[rank - 1 - axis];
    order[static_cast<std::size_t>(axis)] = rank - 1 - axis;
  }
  const Tensor tensor = copy_tensor(data, reversed, header.dtype, name);
  return tensor.transpose(std::span<const int>(order).first(static_cast<std::size_t>(rank))).contiguous();
}

NumpyArchive read_archive(const ZipArchive& archive, const std::string& file) {
  std::vector<NamedTensor> tensors;
  for (const std::string& entry : archive.names()) {
    if (!std::string_view(entry).ends_with(kEnding))
      throw ValueError(file, "a file " + entry, "nothing but .npy files");
    tensors.push_back(
        {entry.substr(0, entry.size() - kEnding.size()), parse_npy(archive.read(entry), file + ": " + entry)});
  }
  return {file, std::move(tensors)};
}

}  // namespace

Tensor parse_npy(std::span<const std::byte> bytes, const std::string& name) {
  const HeaderPlace place = find_header(bytes, name);
  const std::span<const std::byte> text = bytes.subspan(place.begin, place.size);
  const NpyHeader header = parse_npy_header({reinterpret_cast<const char*>(text.data()), text.size()}, name);
  const std::span<const std::byte> data = bytes.subspan(place.begin + place.size);
  return header.fortran_order ? from_fortran(data, header, name) : copy_tensor(data, header.shape, header.dtype, name);
}

Tensor load_npy(const std::filesystem::path& path) {
  InputFile file(path);
  return parse_npy(file.read_all(), file.name());
}

NumpyArchive::NumpyArchive(std::string file, std::vector<NamedTensor> tensors)
    : file_(std::move(file)), tensors_(std::move(tensors)) {
  std::set<std::string_view> names;
  for (const NamedTensor& named : tensors_) {
    if (!names.insert(named.name).second) throw ValueError(file_, "two tensors '" + named.name + "'", "each name once");
  }
}

const Tensor* NumpyArchive::find(const std::string& name) const {
  const auto found =
      std::find_if(tensors_.begin(), tensors_.end(), [&](const auto& named) { return named.name == name; });
  return found == tensors_.end() ? nullptr : &found->tensor;
}

const Tensor& NumpyArchive::tensor(const std::string& name) const {
  if (const Tensor* found = find(name)) return *found;
  refuse_name(file_, name, tensors_);
}

NumpyArchive load_npz(const std::filesystem::path& path) {
  const InputFile file(path);  // throws if there is no such file
  const FileKind kind = file_kind(path);
  if (kind != FileKind::zip && kind != FileKind::empty)
    refuse_other_kind(file.name(), kind, FileKind::npz, "an .npz archive");
  return read_archive(ZipArchive(path, "an .npz archive"), file.name());
}

NumpyArchive parse_npz(std::span<const std::byte> bytes, const std::string& name) {
  return read_archive(ZipArchive(bytes, name, "an .npz archive"), name);
}

}  // namespace rondo
