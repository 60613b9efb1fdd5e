#include "formats/containers/output_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo {

void write_file(const std::filesystem::path& path, std::span<const std::string_view> parts) {
  const auto refuse = [&] {
    const int reason = errno;
    throw ValueError(path.string(),
                     std::string("a file that cannot be written") + (reason == 0 ? "" : ": ") +
                         (reason == 0 ? "" : std::strerror(reason)),
                     "a path in a folder that exists and may be written to");
  };
  errno = 0;
  std::ofstream stream(path, std::ios::binary);
  if (!stream) refuse();
  for (const std::string_view part : parts) stream.write(part.data(), static_cast<std::streamsize>(part.size()));
  stream.close();  // a full disk may show only here
  if (!stream) refuse();
}

void check_names_differ(const std::string& file, const std::vector<NamedTensor>& tensors) {
  std::set<std::string_view> names;
  for (const NamedTensor& named : tensors) {
    if (!names.insert(named.name).second) throw ValueError(file, "two tensors '" + named.name + "'", "each name once");
  }
}

}  // namespace rondo
