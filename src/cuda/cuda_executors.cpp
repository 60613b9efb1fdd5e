#include "cuda/cuda_executors.h"

#include <array>
#include <vector>

#include "cuda/cudnn/cudnn_executors.h"
#include "cuda/persistent/persistent_executor.h"
#include "cuda/stepwise/stepwise_executor.h"

namespace rondo {

ExecutorList cuda_executors() {
  static const std::array<const Executor*, 2> automatic{&persistent_executor(), &stepwise_executor()};
  static const std::vector<const Executor*> by_name = [] {
    const auto by_kind = persistent_executors_by_kind();
    std::vector<const Executor*> executors(by_kind.begin(), by_kind.end());
    executors.insert(executors.end(), cudnn_executors().begin(), cudnn_executors().end());
    return executors;
  }();
  return {.automatic = automatic, .by_name = by_name};
}

}  // namespace rondo
