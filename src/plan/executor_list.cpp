#include "plan/executor_list.h"

#include <array>

#include "cpu/executors/reference_executor.h"
#include "cpu/fused/fused_executor.h"
#include "cuda/cuda_executors.h"

namespace rondo {

ExecutorList executor_list(DeviceType type) {
  static const std::array<const Executor*, 2> cpu_executors{&fused_executor(), &reference_executor()};
  return type == DeviceType::cpu ? ExecutorList{.automatic = cpu_executors} : cuda_executors();
}

}  // namespace rondo
