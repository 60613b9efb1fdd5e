#include "ops/backend.h"

#include "cpu/ops/cpu_ops.h"
#include "cuda/ops/cuda_ops.h"

namespace rondo {

const OpsBackend& backend_of(Device device) {
  check_device(device);
  return device == cpu() ? cpu_ops() : cuda_ops();
}

}  // namespace rondo
