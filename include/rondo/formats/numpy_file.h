/// Tensors from NumPy's `.npy` and `.npz` files. Floor 7.
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
/// most `kMaxRank` axes, on the host, row-major and with memory of its own, whether the file has it in C or in Fortran
/// order.
///
/// Throws `ValueError` naming the file, what came and what was expected: for a file that cannot be read, is cut short
/// or goes on behind its data; another version; a header that is not the dictionary of descr, fortran_order and shape
/// that NumPy writes; another dtype, big-endian ones and Python objects included; a shape that overflows or does not
/// fit the data, which is found before memory is allocated; a bool that is neither 0 nor 1.
Tensor load_npy(const std::filesystem::path& path);

/// The same from memory; `name` stands for the file in messages.
Tensor parse_npy(std::span<const std::byte> bytes, const std::string& name);

/// The arrays of one `.npz` file, by the names that were given to `numpy.savez`.
class NumpyArchive {
 public:
  /// Throws `ValueError` when two tensors have one name.
  NumpyArchive(std::string file, std::vector<NamedTensor> tensors);

  /// What error messages call the file.
  const std::string& file() const { return file_; }
  /// In the order of the file.
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
/// naming file and array, and for a broken zip archive or one that claims to be larger than its bytes can be.
NumpyArchive load_npz(const std::filesystem::path& path);

/// The same from memory, which is only looked at during the call.
NumpyArchive parse_npz(std::span<const std::byte> bytes, const std::string& name);

}  // namespace rondo
