#include "plan/executor_list.h"

#include <array>

#include "cpu/executors/gemm_executor.h"
#include "cpu/executors/reference_executor.h"

namespace rondo {

std::span<const Executor* const> executor_list() {
  static const std::array<const Executor*, 2> executors{&gemm_executor(), &reference_executor()};
  return executors;
}

}  // namespace rondo
