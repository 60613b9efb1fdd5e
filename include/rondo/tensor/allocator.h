/// Allocators, the interface through which tensors and sessions get their memory.
#pragma once

#include <cstddef>
#include <memory>

#include "rondo/vocabulary/device.h"

namespace rondo {

/// A source of memory on one device. Implementations must be safe to call from several threads.
///
/// Memory is stream-ordered: what `allocate` returns may be used by work queued on `stream` after the call, and
/// `deallocate` may be called while work queued on `stream` earlier still runs. On the CPU both calls act at once.
class Allocator {
 public:
  /// Every pointer an allocator returns is aligned to this many bytes (the widest vector, and a cache line).
  static constexpr std::size_t kAlignment = 64;

  virtual ~Allocator() = default;
  virtual Device device() const = 0;

  /// Returns at least `bytes` bytes (non-null also for 0 bytes), uninitialised. Throws `RuntimeError`, naming the bytes
  /// asked for, when there is no memory.
  virtual void* allocate(std::size_t bytes, Stream stream) = 0;

  /// Frees memory that `allocate(bytes, ...)` returned.
  virtual void deallocate(void* pointer, std::size_t bytes, Stream stream) noexcept = 0;
};

/// The allocator of all memory for which none is named. Throws `ValueError` for a device that this build cannot use.
std::shared_ptr<Allocator> default_allocator(Device device);

/// Makes `allocator` the default of its device for all threads; null restores the built-in allocator of `device`. A
/// tensor keeps the allocator that it was made with alive, and so does any other thread until its next allocation.
void set_default_allocator(Device device, std::shared_ptr<Allocator> allocator);

}  // namespace rondo
