/// The memory of the simulated device: host memory that only work of the device may touch. A host that reads or writes
/// it crashes, as with a real device. AddressSanitizer sees accesses beyond an allocation.
#pragma once

#include <cstddef>

namespace rondo::test::simt {

/// All functions may be called from several threads.

/// Allocates memory aligned to 256 bytes; null when too little is free.
void* allocate_device_memory(std::size_t bytes);
void free_device_memory(void* pointer);

/// Whether `pointer` lies in an allocation.
bool in_device_memory(const void* pointer);

std::size_t device_memory_bytes();
std::size_t free_device_bytes();

/// During the life of such an object, the memory may be touched.
class DeviceMemoryAccess {
 public:
  DeviceMemoryAccess();
  ~DeviceMemoryAccess();
  DeviceMemoryAccess(const DeviceMemoryAccess&) = delete;
  DeviceMemoryAccess& operator=(const DeviceMemoryAccess&) = delete;
};

}  // namespace rondo::test::simt
