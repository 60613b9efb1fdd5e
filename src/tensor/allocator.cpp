#include "rondo/tensor/allocator.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <new>

#include "cuda/runtime/runtime.h"
#include "rondo/vocabulary/error.h"
#include "tensor/allocator_scope.h"
#include "vocabulary/fork.h"

namespace rondo {
namespace {

#if defined(__SANITIZE_ADDRESS__)
// The address sanitizer knows the exact ends of these blocks.
void* allocate_aligned(std::size_t bytes) {
  return ::operator new (bytes, std::align_val_t{Allocator::kAlignment}, std::nothrow);
}
void free_aligned(void* block) noexcept { ::operator delete (block, std::align_val_t{Allocator::kAlignment}); }
#else
// The C library keeps the blocks that a thread has freed for its next calls of malloc, but not for aligned allocations,
// which take three to seven times as long. The word in front of an aligned block is the address that malloc returned.
void* allocate_aligned(std::size_t bytes) {
  constexpr std::uintptr_t kAlignment = Allocator::kAlignment;
  if (bytes > std::numeric_limits<std::size_t>::max() - kAlignment) return nullptr;
  void* const memory = std::malloc(bytes + kAlignment);
  if (memory == nullptr) return nullptr;
  const auto address = (reinterpret_cast<std::uintptr_t>(memory) + kAlignment) / kAlignment * kAlignment;
  auto* const block = reinterpret_cast<void**>(address);
  block[-1] = memory;
  return block;
}
void free_aligned(void* block) noexcept { std::free(static_cast<void**>(block)[-1]); }
#endif

class CpuAllocator final : public Allocator {
 public:
  Device device() const override { return cpu(); }

  void* allocate(std::size_t bytes, Stream) override {
    void* const block = allocate_aligned(bytes);
    if (block == nullptr) throw OutOfMemory("cpu allocator: no memory for " + std::to_string(bytes) + " bytes");
    return block;
  }

  void deallocate(void* block, std::size_t, Stream) noexcept override { free_aligned(block); }
};

/// Allocates from the device's pool, in stream order.
class CudaAllocator final : public Allocator {
 public:
  explicit CudaAllocator(Device device) : device_(device) {}

  Device device() const override { return device_; }
  void* allocate(std::size_t bytes, Stream stream) override { return cuda_runtime::allocate(bytes, stream); }
  void deallocate(void* pointer, std::size_t, Stream stream) noexcept override {
    cuda_runtime::deallocate(pointer, stream);
  }

 private:
  Device device_;
};

std::shared_ptr<Allocator> built_in_allocator(Device device) {
  if (device.type == DeviceType::cpu) return std::make_shared<CpuAllocator>();
  return std::make_shared<CudaAllocator>(device);
}

struct DefaultAllocators {
  ForkLock mutex;
  std::map<int, std::shared_ptr<Allocator>> by_device;
  std::atomic<std::uint64_t> version = 1;  ///< counts calls of set_default_allocator

  // The CPU, whose only ordinal is 0, has the key -1.
  std::shared_ptr<Allocator>& of(Device device) {
    return by_device[device.type == DeviceType::cpu ? -1 : device.index];
  }
};

DefaultAllocators& defaults() {
  static DefaultAllocators instance;
  return instance;
}

thread_local std::shared_ptr<Allocator> allocator_of_scope;

/// The CPU's default allocator as this thread has last seen it, for allocations without a lock.
struct SeenAllocator {
  std::uint64_t version = 0;
  std::shared_ptr<Allocator> allocator;
};
thread_local SeenAllocator seen_on_cpu;

}  // namespace

std::shared_ptr<Allocator> default_allocator(Device device) {
  if (allocator_of_scope != nullptr && allocator_of_scope->device() == device) return allocator_of_scope;
  const std::uint64_t version = defaults().version.load(std::memory_order_acquire);
  if (device.type == DeviceType::cpu && seen_on_cpu.version == version) return seen_on_cpu.allocator;
  const std::lock_guard lock(defaults().mutex);
  std::shared_ptr<Allocator>& allocator = defaults().of(device);
  if (allocator == nullptr) {
    check_device(device);
    allocator = built_in_allocator(device);
  }
  if (device.type == DeviceType::cpu) seen_on_cpu = {defaults().version.load(std::memory_order_relaxed), allocator};
  return allocator;
}

void set_default_allocator(Device device, std::shared_ptr<Allocator> allocator) {
  check_device(device);
  if (allocator != nullptr && allocator->device() != device) {
    throw ValueError("allocator", "one of " + to_string(allocator->device()), "one of " + to_string(device));
  }
  if (allocator == nullptr) allocator = built_in_allocator(device);
  if (device.type == DeviceType::cpu) seen_on_cpu = {};
  const std::lock_guard lock(defaults().mutex);
  defaults().version.fetch_add(1, std::memory_order_release);
  defaults().of(device).swap(allocator);  // the argument destroys the former allocator, after the lock is free
}

AllocatorScope::AllocatorScope(std::shared_ptr<Allocator> allocator)
    : before_(std::exchange(allocator_of_scope, std::move(allocator))) {}

AllocatorScope::~AllocatorScope() { allocator_of_scope = std::move(before_); }

}  // namespace rondo
