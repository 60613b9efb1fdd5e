/// The one way to start a kernel.
#pragma once

#include <cuda_runtime.h>

#include <utility>

#include "cuda/device/launch_config.h"
#include "cuda/runtime/calls.h"
#include "cuda/runtime/check.h"

namespace rondo::device {

/// Queues `kernel(arguments...)`. Throws `RuntimeError` when CUDA refuses it; what goes wrong while it runs shows
/// later.
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), const LaunchConfig& config, Arguments&&... arguments) {
  cudaLaunchAttribute overlap = {};
  overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  overlap.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t launch = {};
  launch.gridDim = dim3(config.grid.x, config.grid.y);
  launch.blockDim = dim3(config.block.x, config.block.y);
  launch.dynamicSmemBytes = config.shared_bytes;
  launch.stream = static_cast<cudaStream_t>(config.stream.native);
  launch.attrs = &overlap;
  launch.numAttrs = config.order == LaunchOrder::overlapping ? 1 : 0;
  cuda_runtime::announce(cuda_runtime::Call::launch);
  const cuda_runtime::CurrentDevice scope(config.stream.device);  // a default stream is the current device's
  cuda_runtime::check(cudaLaunchKernelEx(&launch, kernel, std::forward<Arguments>(arguments)...), "launching a kernel");
}

}  // namespace rondo::device
