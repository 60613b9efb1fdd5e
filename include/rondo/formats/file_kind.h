/// What a file is, from its first bytes: which reader takes it, or why none does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace rondo {

/// Kinds of files that people have models and arrays in.
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

/// The kind of a file of `size` bytes whose first bytes are `start`: 4096 bytes, or all of a smaller file. Never
/// throws: a kind is a guess for messages and for the choice of a reader, which checks the file itself.
FileKind file_kind(std::string_view start, std::uint64_t size);

/// The kind of a file. Throws `ValueError` for what cannot be read, and for a folder, except that of a SavedModel.
///
/// @code
/// if (file_kind("stack.safetensors") == FileKind::safetensors) std::puts("weights");
/// @endcode
FileKind file_kind(const std::filesystem::path& path);

/// The kind in words, with what helps: "a Git LFS pointer (`git lfs pull` fetches the file itself)", "an ONNX model
/// (load_onnx reads it)".
std::string described(FileKind kind);

}  // namespace rondo
