#include "rondo/allocator.h"

#include <mutex>
#include <new>

#include "rondo/error.h"

namespace rondo {
namespace {

class CpuAllocator final : public Allocator {
 public:
  Device device() const override { return cpu(); }

  void* allocate(std::size_t bytes, Stream) override {
    void* pointer = ::operator new (bytes, std::align_val_t{kAlignment}, std::nothrow);
    if (pointer == nullptr) throw RuntimeError("cpu allocator: no memory for " + std::to_string(bytes) + " bytes");
    return pointer;
  }

  void deallocate(void* pointer, std::size_t, Stream) noexcept override {
    ::operator delete (pointer, std::align_val_t{kAlignment});
  }
};

struct DefaultAllocator {
  std::mutex mutex;
  std::shared_ptr<Allocator> allocator = std::make_shared<CpuAllocator>();
};

DefaultAllocator& cpu_default() {
  static DefaultAllocator instance;
  return instance;
}

void check_device(Device device) {
  if (device != cpu()) throw ValueError("device", to_string(device), "cpu, the only device of this build");
}

}  // namespace

std::shared_ptr<Allocator> default_allocator(Device device) {
  check_device(device);
  const std::lock_guard lock(cpu_default().mutex);
  return cpu_default().allocator;
}

void set_default_allocator(Device device, std::shared_ptr<Allocator> allocator) {
  check_device(device);
  if (allocator != nullptr && allocator->device() != device) {
    throw ValueError("allocator", "one of " + to_string(allocator->device()), "one of " + to_string(device));
  }
  if (allocator == nullptr) allocator = std::make_shared<CpuAllocator>();
  const std::lock_guard lock(cpu_default().mutex);
  cpu_default().allocator = std::move(allocator);
}

}  // namespace rondo
