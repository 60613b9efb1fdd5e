#include "allocations.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace rondo::triton {
namespace {

thread_local std::int64_t allocations = 0;

/// As the language wants it of `operator new`.
void* allocate(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  bytes = std::max<std::size_t>(bytes, 1);
  void* const memory = alignment <= alignof(std::max_align_t)
                           ? std::malloc(bytes)
                           : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

std::int64_t allocations_of_thread() { return allocations; }

}  // namespace rondo::triton

// Every other form calls one of these. `delete` stays that of the standard library, which frees what malloc gave.
void* operator new(std::size_t bytes) { return rondo::triton::allocate(bytes, 1); }
void* operator new[](std::size_t bytes) { return rondo::triton::allocate(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return rondo::triton::allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return rondo::triton::allocate(bytes, static_cast<std::size_t>(alignment));
}
