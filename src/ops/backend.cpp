#include "ops/backend.h"

namespace rondo {

bool OpsBackend::convolution(const Tensor&, const Tensor&, std::span<const ConvolutionAxis>, const Tensor&) const {
  return false;
}

const OpsBackend& backend_of(Device device) {
  check_device(device);
  return device == cpu() ? cpu_ops() : cuda_ops();
}

}  // namespace rondo
