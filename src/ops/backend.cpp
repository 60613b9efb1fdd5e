#include "ops/backend.h"

#include "cpu/ops/cpu_ops.h"
#include "cuda/ops/cuda_ops.h"

namespace rondo {

bool OpsBackend::convolution(const Tensor&, const Tensor&, std::span<const ConvolutionAxis>, const Tensor&) const {
  return false;
}

const OpsBackend& backend_of(Device device) {
  check_device(device);
  return device == cpu() ? cpu_ops() : cuda_ops();
}

}  // namespace rondo
