#include "tensor_files.h"

#include <rondo/rondo.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

namespace rondo::program {
namespace {

std::string ending_of(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return ending;
}

constexpr std::array<const char*, 4> kWritten{".npy", ".npz", ".safetensors", ".csv"};

}  // namespace

NamedTensors read_tensors(const std::string& path) {
  if (ending_of(path) == ".csv") return {{"", read_csv(path)}};
  switch (file_kind(std::filesystem::path(path))) {
    case FileKind::npy: return {{"", load_npy(path)}};
    case FileKind::npz: return load_npz(path).tensors();
    case FileKind::safetensors:
    case FileKind::safetensors_index: return load_safetensors(path).tensors();
    default: break;
  }
  throw ValueError(path, described(file_kind(std::filesystem::path(path))), "a .npy, .npz, .safetensors or .csv file");
}

bool is_archive(const std::string& path) { return ending_of(path) == ".npz" || ending_of(path) == ".safetensors"; }

void check_writable_kind(const std::string& path) {
  if (std::find(kWritten.begin(), kWritten.end(), ending_of(path)) != kWritten.end()) return;
  throw ValueError("--output", "'" + path + "'", "a path that ends in .npy, .npz, .safetensors or .csv");
}

void write_tensors(const std::string& path, const NamedTensors& tensors) {
  check_writable_kind(path);
  const std::string ending = ending_of(path);
  if (ending == ".npy") save_npy(path, tensors.front().tensor);
  if (ending == ".csv") write_csv(path, tensors.front().tensor);
  if (ending == ".npz") save_npz(path, tensors);
  if (ending == ".safetensors") save_safetensors(path, tensors);
}

}  // namespace rondo::program
