/// Tensors from safetensors files.
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

/// A tensor that a file has and Rondo cannot hold.
struct UnreadableTensor {
  std::string name;
  std::string came;      ///< dtype and shape, as the file has them: "F8_E4M3(2, 4)"
  std::string expected;  ///< what Rondo has instead: dtypes, or a number of axes
};

/// The content of one safetensors file, on the host. Tensors are row-major views of one storage, which lives as long as
/// any of them; a tensor that the file does not align has a storage of its own. Writing to tensors never changes the
/// file.
class Safetensors {
 public:
  /// Throws `ValueError` when two tensors have one name.
  Safetensors(std::string file, std::vector<NamedTensor> tensors, std::map<std::string, std::string> metadata,
              std::vector<UnreadableTensor> unreadable = {});

  /// The name of the file in error messages.
  const std::string& file() const { return file_; }
  /// The tensors in the order of their bytes in the file.
  const std::vector<NamedTensor>& tensors() const { return tensors_; }
  /// The tensors that Rondo cannot hold, in the order of their bytes in the file.
  const std::vector<UnreadableTensor>& unreadable() const { return unreadable_; }
  /// The `__metadata__` of the header; empty when there is none.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// Whether the file has a tensor of this name, even one that Rondo cannot hold.
  bool contains(const std::string& name) const { return index_.contains(name); }
  /// Throws `ValueError` listing the known names, or saying why Rondo cannot hold the tensor.
  const Tensor& tensor(const std::string& name) const;

 private:
  std::string file_;
  std::vector<NamedTensor> tensors_;
  std::map<std::string, std::string> metadata_;
  std::vector<UnreadableTensor> unreadable_;
  std::unordered_map<std::string, std::size_t> index_;  ///< into tensors_, and behind those into unreadable_
};

/// What the file has, a line for each tensor, and why Rondo cannot hold some.
std::string describe(const Safetensors& file);

/// Reads a file. Tensors of F64, F32, F16, BF16, I64, I32, BOOL and U8 of at most `kMaxRank` axes can be asked for; all
/// others are listed in `unreadable()`.
///
/// Also reads the index of a model in several files, such as `model.safetensors.index.json`, and all its files, which
/// must lie in the folder of the index or below; the result has the tensors of all files.
///
/// Throws `ValueError` naming the file, the tensor, what was found and what was expected: for a file that cannot be
/// read, ends too early or is of another kind; a header that is longer than 100 MB, is not a JSON object in UTF-8,
/// repeats a name or nests deeper than the format; a shape with a negative or overflowing size; offsets that leave the
/// file, overlap, leave holes, or do not fit shape and dtype; a BOOL that is neither 0 nor 1; metadata that are not
/// strings; an index whose names are not those of its files.
Safetensors load_safetensors(const std::filesystem::path& path);

/// Reads the bytes of one file as load_safetensors does, from memory, which is copied; messages call the file `name`.
Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& name);

/// Writes a file of tensors on any device, in the order of `tensors`, which load_safetensors reads again bit for bit.
/// Throws `ValueError` naming the file that cannot be written, and for two tensors of one name.
///
/// @code
/// save_safetensors("answer.safetensors", {{"y", Tensor::full({2, 3}, 0.5, DType::f32)}}, {{"made_by", "me"}});
/// @endcode
void save_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                      const std::map<std::string, std::string>& metadata = {});

}  // namespace rondo
