/// Memory for work that is recorded in a graph: the memory that the work uses must exist at every replay.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "rondo/tensor/allocator.h"

namespace rondo {

/// Takes blocks from another allocator and frees them in its destructor. Later allocations reuse deallocated blocks,
/// which is safe because recorded work runs in the order in which it was recorded.
class RecordingAllocator final : public Allocator {
 public:
  /// Blocks are allocated and finally freed on `stream`, which must not be the stream that is recorded.
  RecordingAllocator(std::shared_ptr<Allocator> source, Stream stream);
  ~RecordingAllocator() override;

  Device device() const override { return source_->device(); }
  void* allocate(std::size_t bytes, Stream stream) override;
  void deallocate(void* pointer, std::size_t bytes, Stream stream) noexcept override;

 private:
  const std::shared_ptr<Allocator> source_;
  const Stream stream_;
  std::mutex mutex_;
  std::map<void*, std::size_t> blocks_;
  std::multimap<std::size_t, void*> idle_;  ///< by size
};

}  // namespace rondo
