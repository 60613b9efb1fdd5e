/// Reads any bytes as an index of safetensors files, and resolves the paths that it names: each stays in the folder.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "formats/containers/confined_path.h"
#include "formats/containers/safetensors_index.h"
#include "rondo/formats/file_kind.h"
#include "rondo/vocabulary/error.h"

namespace {

/// A folder with an index, and files for it to name.
std::filesystem::path make_folder() {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "rondo_safetensors_index_fuzzer";
  std::filesystem::create_directories(folder / "below");
  for (const char* name : {"index.json", "one.safetensors", "below/two.safetensors"})
    std::ofstream(folder / name) << "x";
  return std::filesystem::canonical(folder);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::filesystem::path folder = make_folder();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(rondo::described(rondo::file_kind(text, size)));
  try {
    for (const auto& [name, tensors] : rondo::parse_safetensors_index(text, "fuzzed")) {
      try {
        const std::string found = rondo::confined_path(folder / "index.json", name, "fuzzed").string();
        if (!found.starts_with(folder.string())) std::abort();
      } catch (const rondo::ValueError&) {  // most names are no files
      }
    }
  } catch (const rondo::ValueError&) {  // the documented refusal
  }
  return 0;
}
