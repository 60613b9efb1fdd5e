/// The memory of the simulated device: host memory that nobody may touch but work that runs on the device. Whoever
/// reads or writes it from outside crashes, as on a real one; AddressSanitizer sees accesses beyond an allocation.
#pragma once

#include <cstddef>

namespace rondo::test::simt {

/// All functions may be called from several threads.

/// Aligned to 256; null when there is not enough.
void* allocate_device_memory(std::size_t bytes);
void free_device_memory(void* pointer);

/// Whether it lies in an allocation.
bool in_device_memory(const void* pointer);

std::size_t device_memory_bytes();
std::size_t free_device_bytes();

/// While one lives, the memory may be touched.
class DeviceMemoryAccess {
 public:
  DeviceMemoryAccess();
  ~DeviceMemoryAccess();
  DeviceMemoryAccess(const DeviceMemoryAccess&) = delete;
  DeviceMemoryAccess& operator=(const DeviceMemoryAccess&) = delete;
};

}  // namespace rondo::test::simt
