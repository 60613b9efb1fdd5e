/// Tensors from NumPy's `.npy` and `.npz` files.
///
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1.0, 2.0 and 3.0.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "rondo/formats/safetensors.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// Reads one array of float16, float32, float64, int32, int64 or bool ('<f2', '<f4', '<f8', '<i4', '<i8', '|b1') of at
/// most `kMaxRank` axes, in C or in Fortran order. The tensor is on the host, row-major and with memory of its own.
///
/// Throws `ValueError` naming the file, what was found and what was expected: for a file that cannot be read, ends too
/// early or has bytes behind its data; another version; a header that is not the dictionary of descr, fortran_order and
/// shape that NumPy writes; another dtype, big-endian ones and Python objects included; a shape that overflows or does
/// not fit the data, before memory is allocated; a bool that is neither 0 nor 1.
Tensor load_npy(const std::filesystem::path& path);

/// Reads one array as load_npy does, from memory; messages call the file `name`.
Tensor parse_npy(std::span<const std::byte> bytes, const std::string& name);

/// The arrays of one `.npz` file, by the names that `numpy.savez` was called with.
class NumpyArchive {
 public:
  /// Throws `ValueError` when two tensors have one name.
  NumpyArchive(std::string file, std::vector<NamedTensor> tensors);

  /// The name of the file in error messages.
  const std::string& file() const { return file_; }
  /// The arrays in the order of the file.
  const std::vector<NamedTensor>& tensors() const { return tensors_; }

  bool contains(const std::string& name) const { return find(name) != nullptr; }
  /// Throws `ValueError` listing the known names.
  const Tensor& tensor(const std::string& name) const;

 private:
  const Tensor* find(const std::string& name) const;

  std::string file_;
  std::vector<NamedTensor> tensors_;
};

/// Reads an archive of `numpy.savez` or `savez_compressed`, which may hold nothing but arrays. Throws as load_npy,
/// naming file and array, and for a zip archive that is broken or claims more data than its bytes can decompress to.
NumpyArchive load_npz(const std::filesystem::path& path);

/// Reads an archive as load_npz does, from memory, which is used only during the call.
NumpyArchive parse_npz(std::span<const std::byte> bytes, const std::string& name);

/// Writes one array, which `numpy.load` and load_npy read. NumPy has no bf16: such a tensor is written as float32,
/// which holds every value of it. Throws `ValueError` naming a file that cannot be written.
///
/// @code
/// save_npy("answer.npy", Tensor::full({2, 3}, 0.5, DType::f32));
/// @endcode
void save_npy(const std::filesystem::path& path, const Tensor& tensor);

/// Writes an archive of arrays by their names, as `numpy.savez` does. Throws as save_npy, and for two of one name.
void save_npz(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors);

}  // namespace rondo
