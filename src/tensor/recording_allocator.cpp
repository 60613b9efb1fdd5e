#include "tensor/recording_allocator.h"

namespace rondo {

RecordingAllocator::RecordingAllocator(std::shared_ptr<Allocator> source, Stream stream)
    : source_(std::move(source)), stream_(stream) {}

RecordingAllocator::~RecordingAllocator() {
  for (const auto& [pointer, bytes] : blocks_) source_->deallocate(pointer, bytes, stream_);
}

void* RecordingAllocator::allocate(std::size_t bytes, Stream) {
  const std::lock_guard lock(mutex_);
  // Steps ask for equal sizes again and again, so that exact fits waste no memory.
  if (const auto found = idle_.find(bytes); found != idle_.end()) {
    void* pointer = found->second;
    idle_.erase(found);
    return pointer;
  }
  void* pointer = source_->allocate(bytes, stream_);
  blocks_.emplace(pointer, bytes);
  return pointer;
}

void RecordingAllocator::deallocate(void* pointer, std::size_t bytes, Stream) noexcept {
  const std::lock_guard lock(mutex_);
  idle_.emplace(bytes, pointer);
}

}  // namespace rondo
