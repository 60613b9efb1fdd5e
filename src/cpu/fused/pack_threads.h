/// The threads that pack weights.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "cpu/fused/partition.h"
#include "rondo/tensor/thread_pool.h"

namespace rondo::fused {

/// The pool that was the default one when the weights were first packed. A training loop packs them anew in each step.
class PackThreads {
 public:
  explicit PackThreads(int processors) : pool_(default_thread_pool()), processors_(processors) {}

  /// Calls `work(range)` for parts of 0 .. size - 1, at once on as many threads as packing `bytes` is worth.
  template <typename Work>
  void run(std::int64_t size, std::int64_t bytes, const Work& work) const {
    const std::int64_t worth = std::min<std::int64_t>({processors_, bytes / kBytesOfThread, size});
    if (worth <= 1) return work(Range{0, size});
    Call<Work> call{work, size};
    pool_->run(static_cast<int>(worth), run_part<Work>, &call);
  }

 private:
  // Waking a thread takes as long as packing a few hundred KiB.
  static constexpr std::int64_t kBytesOfThread = std::int64_t{1} << 19;

  template <typename Work>
  struct Call {
    const Work& work;
    std::int64_t size;
  };

  template <typename Work>
  static void run_part(void* argument, int index, int count) {
    const auto& call = *static_cast<Call<Work>*>(argument);
    call.work(Range::part(call.size, index, count));
  }

  std::shared_ptr<ThreadPool> pool_;
  int processors_;
};

}  // namespace rondo::fused
