#include "formats/containers/file_kind.h"

#include <array>
#include <system_error>
#include <utility>

#include "formats/containers/input_file.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using namespace std::string_view_literals;

constexpr std::array<std::pair<std::string_view, FileKind>, 9> kSignatures{
    {{"\x89HDF\r\n\x1a\n"sv, FileKind::hdf5},
     {"\x93NUMPY"sv, FileKind::npy},
     {"version https://git-lfs.github.com/spec/"sv, FileKind::git_lfs_pointer},
     {"GGUF"sv, FileKind::gguf},
     {"\x1f\x8b"sv, FileKind::gzip},
     {"\x08\x01\x12"sv, FileKind::saved_model},  // schema version 1; ONNX files have versions from 3 on
     {"\x80\x02"sv, FileKind::pickle},
     {"\x80\x04"sv, FileKind::pickle},
     {"\x80\x05"sv, FileKind::pickle}}};

unsigned byte_at(std::string_view text, std::size_t index) { return static_cast<unsigned char>(text[index]); }

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string_view without_blanks(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // UTF-8's byte order mark
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

/// Eight bytes with the header's size, then the header. The size may be wrong: that the reader says.
bool is_safetensors(std::string_view start) {
  constexpr std::string_view kNoLargeSize("\0\0\0", 3);
  return start.size() > 8 && start.substr(5, 3) == kNoLargeSize && start[8] == '{';
}

/// ModelProto: field 1 is the version of the format, and a field with a number up to 25 follows.
bool is_onnx(std::string_view start) {
  if (start.size() < 4 || start[0] != '\x08' || byte_at(start, 1) < 3 || byte_at(start, 1) > 40) return false;
  const unsigned tag = byte_at(start, 2);
  const unsigned wire_type = tag & 7U;
  return tag >= 0x10 && tag < 0x80 && (wire_type == 0 || wire_type == 2);
}

/// Tells archives apart by the name of their first file, which stands behind 30 bytes.
FileKind kind_of_zip(std::string_view start) {
  constexpr std::size_t kNameLength = 26;
  constexpr std::size_t kName = 30;
  if (start.size() < kName) return FileKind::zip;
  const std::size_t length = byte_at(start, kNameLength) | (byte_at(start, kNameLength + 1) << 8U);
  const std::string_view name = start.substr(kName, length);
  if (name.ends_with(".npy")) return FileKind::npz;
  if (name.ends_with(".pkl") || contains(name, "/.data/") || name.ends_with("/byteorder")) {
    return FileKind::pytorch_archive;
  }
  const bool is_keras = name == "metadata.json" || name == "config.json" || name == "model.weights.h5";
  return is_keras ? FileKind::keras_archive : FileKind::zip;
}

FileKind kind_of_json(std::string_view text) {
  if (contains(text, "\"weight_map\"")) {
    return contains(text, ".h5\"") ? FileKind::keras_index : FileKind::safetensors_index;
  }
  return contains(text, "\"class_name\"") ? FileKind::keras_architecture : FileKind::json;
}

bool is_html(std::string_view text) {
  const auto begins = [&](std::string_view lower) {
    if (text.size() < lower.size()) return false;
    for (std::size_t k = 0; k < lower.size(); ++k) {
      const char letter = text[k] >= 'A' && text[k] <= 'Z' ? static_cast<char>(text[k] + ('a' - 'A')) : text[k];
      if (letter != lower[k]) return false;
    }
    return true;
  };
  return begins("<!doctype html") || begins("<html");
}

}  // namespace

FileKind file_kind(std::string_view start, std::uint64_t size) {
  if (size == 0) return FileKind::empty;
  if (is_safetensors(start)) return FileKind::safetensors;
  for (const auto& [signature, kind] : kSignatures) {
    if (start.starts_with(signature)) return kind;
  }
  if (start.starts_with("PK\x03\x04")) return kind_of_zip(start);
  if (start.size() > 8 && start.substr(4, 4) == "TFL3") return FileKind::tflite;
  if (is_onnx(start)) return FileKind::onnx;
  const std::string_view text = without_blanks(start);
  if (text.starts_with('{') || text.starts_with('[')) return kind_of_json(text);
  return is_html(text) ? FileKind::html : FileKind::unknown;
}

FileKind file_kind(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored) && std::filesystem::exists(path / "saved_model.pb", ignored)) {
    return FileKind::saved_model;
  }
  InputFile file(path);
  const std::string start = file.read_start(kFileKindBytes);
  return file_kind(start, file.size());
}

std::string described(FileKind kind) {
  switch (kind) {
    case FileKind::unknown: return "a file of unknown kind";
    case FileKind::empty: return "an empty file";
    case FileKind::safetensors: return "a safetensors file (load_safetensors reads it)";
    case FileKind::safetensors_index: return "an index of safetensors files (load_safetensors reads it and its files)";
    case FileKind::hdf5: return "an HDF5 file (load_keras reads those of Keras)";
    case FileKind::keras_archive: return "a .keras archive (load_keras reads it)";
    case FileKind::keras_architecture: return "the architecture of a Keras model in JSON, without weights";
    case FileKind::keras_index: return "an index of Keras's weights files";
    case FileKind::npy: return "a .npy file (load_npy reads it)";
    case FileKind::npz: return "an .npz archive (load_npz reads it)";
    case FileKind::onnx: return "an ONNX model (load_onnx reads it)";
    case FileKind::pytorch_archive:
      return "a file of torch.save, a zip archive of pickles (in Python, "
             "safetensors.torch.save_file(model.state_dict(), "
             "...) writes a file that Rondo reads)";
    case FileKind::pickle:
      return "a pickle, perhaps of torch.save (in Python, safetensors.torch.save_file(model.state_dict(), ...) writes "
             "a "
             "file that Rondo reads)";
    case FileKind::saved_model:
      return "a SavedModel of TensorFlow (in Keras, model.save(\"model.keras\") writes a file that Rondo reads)";
    case FileKind::tflite: return "a TensorFlow Lite model";
    case FileKind::gguf: return "a GGUF file";
    case FileKind::git_lfs_pointer: return "a Git LFS pointer (`git lfs pull` fetches the file itself)";
    case FileKind::html: return "an HTML page, perhaps of a download that failed";
    case FileKind::json: return "a JSON text";
    case FileKind::gzip: return "a gzip file, which must be unpacked first";
    case FileKind::zip: return "a zip archive of another kind";
  }
  return "a file of unknown kind";
}

void refuse_other_kind(const std::string& file, FileKind came, FileKind wanted, const std::string& expected) {
  if (came != FileKind::unknown && came != wanted) throw ValueError(file, described(came), expected);
}

}  // namespace rondo
