// cuda/runtime/runtime.h on CUDA: devices, memory and copies.

#include "cuda/runtime/runtime.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <vector>

#include "cuda/runtime/calls.h"
#include "cuda/runtime/check.h"
#include "cuda/runtime/cluster_probe.h"
#include "rondo/vocabulary/error.h"

namespace rondo::cuda_runtime {
namespace {

cudaStream_t native(Stream stream) { return static_cast<cudaStream_t>(stream.native); }

// Without a driver or a device cudaGetDeviceCount says which of them is missing.
cudaError_t count_devices(int& count) {
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess) return count > 0 ? cudaSuccess : cudaErrorNoDevice;
  (void)cudaGetLastError();
  count = 0;
  return status;
}

int attribute(cudaDeviceAttr which, int index) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, index), "asking for a property of a device");
  return value;
}

// The pool keeps what is given back to it, so that a second run of anything asks the driver for nothing.
void keep_pool_memory(Device device) {
  cudaMemPool_t pool = nullptr;
  check(cudaDeviceGetDefaultMemPool(&pool, device.index), "asking for the memory pool of a device");
  std::uint64_t threshold = std::numeric_limits<std::uint64_t>::max();
  check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold), "setting up a memory pool");
}

void prepare_pool_once(Device device) {
  static std::mutex mutex;
  static std::vector<int> prepared;
  const std::lock_guard lock(mutex);
  if (std::ranges::find(prepared, device.index) != prepared.end()) return;
  keep_pool_memory(device);
  prepared.push_back(device.index);
}

ClusterCounts ask_clusters(int compute_capability, int index) {
  if (compute_capability < 90 || attribute(cudaDevAttrClusterLaunch, index) == 0) return {};
  return count_clusters(cuda(index));
}

DeviceProperties ask_properties(int index) {
  cudaDeviceProp device = {};
  check(cudaGetDeviceProperties(&device, index), "asking for the properties of a device");
  const int compute_capability = 10 * device.major + device.minor;
  return {.device = cuda(index),
          .processors = device.multiProcessorCount,
          .name = device.name,
          .compute_capability = compute_capability,
          .shared_bytes_per_block = static_cast<std::size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, index)),
          .clusters = ask_clusters(compute_capability, index),
          .l2_bytes = static_cast<std::size_t>(device.l2CacheSize),
          .memory_bytes = device.totalGlobalMem};
}

}  // namespace

int device_count() {
  int count = 0;
  (void)count_devices(count);
  return count;
}

std::string why_no_device() {
  int count = 0;
  return cudaGetErrorString(count_devices(count));
}

DeviceProperties properties(int index) {
  // CUDA takes long to tell, and launches ask.
  static std::mutex mutex;
  static std::map<int, DeviceProperties> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(index);
  return found != known.end() ? found->second : known.emplace(index, ask_properties(index)).first->second;
}

void* allocate(std::size_t bytes, Stream stream) {
  announce(Call::allocate);
  const CurrentDevice scope(stream.device);
  prepare_pool_once(stream.device);
  void* pointer = nullptr;
  const cudaError_t status = cudaMallocAsync(&pointer, std::max<std::size_t>(bytes, 1), native(stream));
  if (status == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();
    throw OutOfMemory("out of memory on " + to_string(stream.device) + ": asked for " + std::to_string(bytes) +
                      " bytes, " + std::to_string(free_bytes(stream.device)) +
                      " are free; run with a smaller batch or fewer steps, or free tensors");
  }
  check(status, "allocating device memory");
  return pointer;
}

void deallocate(void* pointer, Stream stream) noexcept {
  try {
    announce(Call::deallocate);
    const CurrentDevice scope(stream.device);
    check(cudaFreeAsync(pointer, native(stream)), "freeing device memory");
  } catch (const std::exception&) {
    // The context is gone, and its memory with it: the call that finds out throws.
  }
}

std::size_t free_bytes(Device device) {
  const CurrentDevice scope(device);
  std::size_t available = 0;
  std::size_t total = 0;
  check(cudaMemGetInfo(&available, &total), "asking for free device memory");
  // Unused memory that the pool holds is free, too.
  cudaMemPool_t pool = nullptr;
  check(cudaDeviceGetDefaultMemPool(&pool, device.index), "asking for the memory pool of a device");
  std::uint64_t reserved = 0;
  std::uint64_t used = 0;
  check(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReservedMemCurrent, &reserved), "asking a memory pool");
  check(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &used), "asking a memory pool");
  return available + (reserved - used);
}

std::uint32_t* allocate_host_words(std::size_t count) {
  announce(Call::allocate);
  void* words = nullptr;
  const std::size_t bytes = count * sizeof(std::uint32_t);
  check(cudaHostAlloc(&words, bytes, cudaHostAllocPortable | cudaHostAllocMapped), "allocating page-locked memory");
  std::memset(words, 0, bytes);
  return static_cast<std::uint32_t*>(words);
}

void* allocate_host(std::size_t bytes) {
  announce(Call::allocate);
  void* pointer = nullptr;
  const cudaError_t status = cudaHostAlloc(&pointer, std::max<std::size_t>(bytes, 1), cudaHostAllocPortable);
  if (status == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();
    throw OutOfMemory("no page-locked memory for " + std::to_string(bytes) + " bytes");
  }
  check(status, "allocating page-locked memory");
  return pointer;
}

void deallocate_host(void* pointer) noexcept {
  announce(Call::deallocate);
  (void)cudaFreeHost(pointer);  // it fails only where the context is gone, and the memory with it
}

bool is_page_locked(const void* pointer) {
  cudaPointerAttributes attributes = {};
  check(cudaPointerGetAttributes(&attributes, pointer), "asking where memory is");
  return attributes.type == cudaMemoryTypeHost;
}

bool is_device_pointer(const void* pointer, Device device) {
  cudaPointerAttributes attributes = {};
  check(cudaPointerGetAttributes(&attributes, pointer), "asking where memory is");
  if (attributes.type == cudaMemoryTypeManaged) return true;
  return attributes.type == cudaMemoryTypeDevice && attributes.device == device.index;
}

void copy(void* target, const void* source, std::size_t bytes, Stream stream) {
  announce(Call::copy);
  const CurrentDevice scope(stream.device);
  check(cudaMemcpyAsync(target, source, bytes, cudaMemcpyDefault, native(stream)), "copying memory");
}

void fill_zeros(void* target, std::size_t bytes, Stream stream) {
  const CurrentDevice scope(stream.device);
  check(cudaMemsetAsync(target, 0, bytes, native(stream)), "writing zeros");
}

void synchronize(Stream stream) {
  announce(Call::synchronize);
  const CurrentDevice scope(stream.device);
  check(cudaStreamSynchronize(native(stream)), "waiting for a stream");
}

}  // namespace rondo::cuda_runtime
