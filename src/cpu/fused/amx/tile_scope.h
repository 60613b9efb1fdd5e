/// A thread's use of tile registers.
#pragma once

#include "cpu/fused/kernels.h"

namespace rondo::fused {

/// The calling thread's tile registers, for as long as the object lives; none where `kernels` is null.
class TileScope {
 public:
  explicit TileScope(const TileKernels* kernels) : kernels_(kernels) {
    if (kernels_ != nullptr) kernels_->configure();
  }
  ~TileScope() {
    if (kernels_ != nullptr) kernels_->release();
  }
  TileScope(const TileScope&) = delete;
  TileScope& operator=(const TileScope&) = delete;

 private:
  const TileKernels* const kernels_;
};

}  // namespace rondo::fused
