/// Tensors from a safetensors file.
///
/// Source: https://github.com/huggingface/safetensors#format. All that this page demands is checked.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// A tensor and its name in a file.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// The content of one safetensors file, on the host. Tensors are row-major views of one storage, which lives as long as
/// any of them; a tensor that the file does not align has a storage of its own. Writing to tensors never changes the
/// file.
class Safetensors {
 public:
  /// Throws `ValueError` when two tensors have one name.
  Safetensors(std::string file, std::vector<NamedTensor> tensors, std::map<std::string, std::string> metadata);

  /// The name of the file in error messages.
  const std::string& file() const { return file_; }
  /// The tensors in the order of their bytes in the file.
  const std::vector<NamedTensor>& tensors() const { return tensors_; }
  /// The `__metadata__` of the header; empty when there is none.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  bool contains(const std::string& name) const { return index_.contains(name); }
  /// Throws `ValueError` listing the known names.
  const Tensor& tensor(const std::string& name) const;

 private:
  std::string file_;
  std::vector<NamedTensor> tensors_;
  std::map<std::string, std::string> metadata_;
  std::unordered_map<std::string, std::size_t> index_;
};

/// Reads a file of F64, F32, F16, BF16, I64, I32 and BOOL tensors of at most `kMaxRank` axes.
///
/// Throws `ValueError` naming the file, the tensor, what was found and what was expected: for a file that cannot be
/// read or ends too early; a header that is longer than 100 MB, is not a JSON object in UTF-8, repeats a name or nests
/// deeper than the format; another dtype; a shape with a negative or overflowing size; offsets that leave the file,
/// overlap, leave holes, or do not fit shape and dtype; a BOOL that is neither 0 nor 1; metadata that are not strings.
Safetensors load_safetensors(const std::filesystem::path& path);

/// Reads tensors as load_safetensors does, from memory, which is copied; messages call the file `name`.
Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& name);

}  // namespace rondo
