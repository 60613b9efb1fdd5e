#include "c_api/sized_struct.h"

#include <algorithm>
#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo::c_api {
namespace {

// A size beyond this is memory that was not initialised, not a later version.
constexpr std::size_t kLargestStruct = 4096;

}  // namespace

std::size_t checked_size(const void* given, std::size_t known, const char* name) {
  if (given == nullptr) throw ValueError(name, "null", "a struct");
  std::size_t size = 0;
  std::memcpy(&size, given, sizeof size);
  if (size < 2 * sizeof size || size > kLargestStruct || size % 8 != 0) {
    throw ValueError(std::string(name) + "->struct_size", std::to_string(size),
                     "the size of the struct, " + std::to_string(known) + " in this version");
  }
  return size;
}

void read_members(const void* given, void* into, std::size_t known, const char* name) {
  const std::size_t size = checked_size(given, known, name);
  const auto* bytes = static_cast<const std::byte*>(given);
  std::memcpy(into, bytes, std::min(size, known));
  if (size > known && std::any_of(bytes + known, bytes + size, [](std::byte byte) { return byte != std::byte{0}; })) {
    throw ValueError(name, "members beyond the first " + std::to_string(known) + " bytes",
                     "zeros there, for this version does not have them");
  }
}

}  // namespace rondo::c_api
