/// Counts calls of the CUDA runtime.
#pragma once

#include <atomic>

#include "cuda/runtime/calls.h"

namespace rondo::test {

/// The calls of the runtime during the life of this object.
class CountedCalls {
 public:
  CountedCalls() {
    for (std::atomic<int>& count : counts_) count = 0;
    cuda_runtime::observe_calls([](cuda_runtime::Call call) { ++counts_[static_cast<std::size_t>(call)]; });
  }
  ~CountedCalls() { cuda_runtime::observe_calls(nullptr); }
  CountedCalls(const CountedCalls&) = delete;
  CountedCalls& operator=(const CountedCalls&) = delete;

  int of(cuda_runtime::Call call) const { return counts_[static_cast<std::size_t>(call)]; }

 private:
  static inline std::atomic<int> counts_[7];
};

}  // namespace rondo::test
