/// A scope in which tensors of the calling thread get their memory from another allocator.
#pragma once

#include <memory>

#include "rondo/tensor/allocator.h"

namespace rondo {

/// While the scope lives, `allocator` is the default of its device on the calling thread.
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
