#include "cuda/cuda_executors.h"

#include <vector>

#include "cuda/cudnn/cudnn_executors.h"
#include "cuda/persistent/persistent_executor.h"
#include "cuda/stepwise/stepwise_executor.h"

namespace rondo {

std::span<const Executor* const> cuda_executors() {
  static const std::vector<const Executor*> executors = [] {
    std::vector<const Executor*> list{&persistent_executor(), &stepwise_executor()};
    const auto by_kind = persistent_executors_by_kind();
    list.insert(list.end(), by_kind.begin(), by_kind.end());
    list.insert(list.end(), cudnn_executors().begin(), cudnn_executors().end());
    return list;
  }();
  return executors;
}

}  // namespace rondo
