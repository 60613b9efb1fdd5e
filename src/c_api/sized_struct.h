/// Structs of rondo_c.h that begin with their size, so that later versions may append members.
#pragma once

#include <cstddef>
#include <cstring>

namespace rondo::c_api {

/// Throws `ValueError` naming `name` for null, and for a `struct_size` that no version of a struct of `known` bytes
/// has: one that ends within a group of 8 bytes, has no member but itself, or is above 4096. Returns the size.
std::size_t checked_size(const void* given, std::size_t known, const char* name);

/// Copies the struct `given` into `known` bytes at `into`, which are zeros. Throws as checked_size, and `ValueError`
/// where a caller of a later version has set members that this version does not have.
void read_members(const void* given, void* into, std::size_t known, const char* name);

/// Returns a copy of a caller's struct, in which members that the caller's version lacks are zero.
template <typename Struct>
Struct read_sized(const Struct* given, const char* name) {
  static_assert(sizeof(Struct) % 8 == 0 && offsetof(Struct, struct_size) == 0);
  Struct known = {};
  read_members(given, &known, sizeof(Struct), name);
  return known;
}

/// The same of a struct that may be null, which stands for defaults.
template <typename Struct>
Struct read_optional(const Struct* given, const char* name) {
  return given == nullptr ? Struct{} : read_sized(given, name);
}

/// Writes `values` to a caller's struct, as far as the caller's version has the members, and zeros where it has more.
/// Keeps its struct_size. Throws as checked_size.
template <typename Struct>
void write_sized(Struct* into, const char* name, const Struct& values) {
  static_assert(sizeof(Struct) % 8 == 0 && offsetof(Struct, struct_size) == 0);
  const std::size_t size = checked_size(into, sizeof(Struct), name);
  const std::size_t common = size < sizeof(Struct) ? size : sizeof(Struct);
  auto* bytes = reinterpret_cast<std::byte*>(into);
  const auto* from = reinterpret_cast<const std::byte*>(&values);
  std::memcpy(bytes + sizeof(std::size_t), from + sizeof(std::size_t), common - sizeof(std::size_t));
  std::memset(bytes + common, 0, size - common);
}

}  // namespace rondo::c_api
