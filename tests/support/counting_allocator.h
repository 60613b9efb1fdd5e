/// Counts the allocations of the CPU's tensors.
#pragma once

#include <atomic>
#include <memory>
#include <new>

#include "rondo/tensor/allocator.h"

namespace rondo::test {

class CountingAllocator final : public Allocator {
 public:
  Device device() const override { return cpu(); }

  void* allocate(std::size_t bytes, Stream) override {
    ++allocations_;
    ++live_;
    return ::operator new (bytes, std::align_val_t{kAlignment});
  }

  void deallocate(void* pointer, std::size_t, Stream) noexcept override {
    --live_;
    ::operator delete (pointer, std::align_val_t{kAlignment});
  }

  /// The number of all allocations so far, and of allocations that are not freed yet.
  int allocations() const { return allocations_; }
  int live() const { return live_; }

 private:
  std::atomic<int> allocations_ = 0;
  std::atomic<int> live_ = 0;
};

/// Makes a counting allocator the default of the CPU for the life of this object.
class CountedScope {
 public:
  CountedScope() { set_default_allocator(cpu(), allocator_); }
  ~CountedScope() { set_default_allocator(cpu(), nullptr); }
  CountedScope(const CountedScope&) = delete;
  CountedScope& operator=(const CountedScope&) = delete;

  const CountingAllocator& counts() const { return *allocator_; }

 private:
  std::shared_ptr<CountingAllocator> allocator_ = std::make_shared<CountingAllocator>();
};

}  // namespace rondo::test
