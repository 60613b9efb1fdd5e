/// Memory for work that is recorded in a graph: what the recorded work writes to must be there at every replay.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "rondo/tensor/allocator.h"

namespace rondo {

/// Takes blocks from another allocator and keeps them for as long as it lives. A block that is given back serves what
/// is allocated after it: recorded work runs in the order in which it was recorded.
class RecordingAllocator final : public Allocator {
 public:
  /// `stream`, on which the blocks are allocated and at the end freed, is not the one that is recorded.
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
