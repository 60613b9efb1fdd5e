#include "plan/executor_list.h"

#include <vector>

#include "cpu/executors/gemm_executor.h"
#include "cpu/executors/reference_executor.h"
#include "cuda/executors/cuda_executors.h"

namespace rondo {

std::span<const Executor* const> executor_list() {
  static const std::vector<const Executor*> executors = [] {
    std::vector<const Executor*> list{&gemm_executor(), &reference_executor()};
    list.insert(list.begin(), cuda_executors().begin(), cuda_executors().end());
    return list;
  }();
  return executors;
}

}  // namespace rondo
