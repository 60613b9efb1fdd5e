#include "formats/containers/confined_path.h"

#include <algorithm>
#include <system_error>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

bool lies_in(const std::filesystem::path& file, const std::filesystem::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
}

}  // namespace

std::filesystem::path confined_path(const std::filesystem::path& owner, const std::string& relative,
                                    const std::string& where) {
  if (relative.find('\0') != std::string::npos) throw ValueError(where, "a path with a null character", "a file name");
  const std::filesystem::path path(relative);
  const bool goes_up = std::any_of(path.begin(), path.end(), [](const auto& part) { return part == ".."; });
  if (relative.empty() || path.has_root_path() || goes_up) {
    throw ValueError(where, "the path '" + relative + "'", "a path within the folder of the file");
  }
  const std::filesystem::path folder = owner.has_parent_path() ? owner.parent_path() : ".";
  std::error_code error;
  const std::filesystem::path found = std::filesystem::canonical(folder / path, error);
  if (error) throw ValueError(where, "the path '" + relative + "', " + error.message(), "a file");
  const std::filesystem::path here = std::filesystem::canonical(folder, error);
  const std::filesystem::path there = error ? here : std::filesystem::canonical(owner, error).parent_path();
  if (error || (!lies_in(found, here) && !lies_in(found, there))) {
    throw ValueError(where, "the path '" + relative + "', a symbolic link out of the folder",
                     "a path within the folder of the file");
  }
  return found;
}

}  // namespace rondo
