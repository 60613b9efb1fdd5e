#include "cuda/executors/cuda_executors.h"

#include <vector>

#include "cuda/executors/cudnn_executors.h"
#include "cuda/executors/stepwise_executor.h"

namespace rondo {

std::span<const Executor* const> cuda_executors() {
  static const std::vector<const Executor*> executors = [] {
    std::vector<const Executor*> list{&stepwise_executor()};
    list.insert(list.end(), cudnn_executors().begin(), cudnn_executors().end());
    return list;
  }();
  return executors;
}

}  // namespace rondo
