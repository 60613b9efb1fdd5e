/// Another source of memory for the tensors that the calling thread makes.
#pragma once

#include <memory>

#include "rondo/tensor/allocator.h"

namespace rondo {

/// While it lives, `allocator` is the default one of its device on the calling thread.
class AllocatorScope {
 public:
  explicit AllocatorScope(std::shared_ptr<Allocator> allocator);
  ~AllocatorScope();
  AllocatorScope(const AllocatorScope&) = delete;
  AllocatorScope& operator=(const AllocatorScope&) = delete;

 private:
  std::shared_ptr<Allocator> before_;
};

}  // namespace rondo
