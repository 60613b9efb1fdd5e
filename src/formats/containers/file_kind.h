/// What a file is, from its first bytes: the one place that tells kinds of files apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace rondo {

enum class FileKind : std::uint8_t {
  unknown,
  empty,
  safetensors,
  safetensors_index,   ///< JSON with a `weight_map` to .safetensors files
  hdf5,                ///< a .h5 or .weights.h5 of Keras, or any other HDF5 file
  keras_archive,       ///< a .keras file
  keras_architecture,  ///< JSON of `model.to_json()`
  keras_index,         ///< JSON with a `weight_map` to .weights.h5 files
  npy,
  npz,
  onnx,
  pytorch_archive,  ///< a .pt or .pth file of torch.save, a zip archive of pickles
  pickle,           ///< a pickle, which is also what torch.save wrote before PyTorch 1.6
  saved_model,      ///< TensorFlow's SavedModel: its folder, or its saved_model.pb
  tflite,
  gguf,
  git_lfs_pointer,
  html,  ///< a page that was downloaded in place of the file
  json,
  gzip,
  zip,
};

/// So many bytes from the start of a file are enough for file_kind.
inline constexpr std::size_t kFileKindBytes = 4096;

/// The kind of a file of `size` bytes whose first bytes, at least kFileKindBytes or all of them, are `start`. Never
/// throws: a kind is a guess for messages and for the choice of a reader, which checks the file itself.
FileKind file_kind(std::string_view start, std::uint64_t size);

/// The kind of a file. Throws `ValueError` as InputFile, except for the folder of a SavedModel.
FileKind file_kind(const std::filesystem::path& path);

/// What messages call the kind, with what helps: "a Git LFS pointer (`git lfs pull` fetches the file)", "an ONNX model
/// (load_onnx reads it)".
std::string described(FileKind kind);

/// Throws the `ValueError` of `file`, if its kind is known and not `wanted`. A file of unknown kind is left to the
/// reader, whose message says more.
void refuse_other_kind(const std::string& file, FileKind came, FileKind wanted, const std::string& expected);

}  // namespace rondo
