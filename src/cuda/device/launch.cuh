/// The one way to start a kernel.
#pragma once

#include <cuda_runtime.h>

#include <utility>

#include "cuda/device/launch_config.h"
#include "cuda/runtime/calls.h"
#include "cuda/runtime/check.h"

namespace rondo::device {

/// Must come once before launches of `kernel` with more shared memory than any block gets unasked, or with clusters.
/// Sessions share a kernel, and what was asked last holds: so each asks for all shared memory that there is.
template <typename... Parameters>
void prepare(void (*kernel)(Parameters...), const LaunchConfig& config) {
  constexpr unsigned kPortableClusterBlocks = 8;
  const cuda_runtime::CurrentDevice scope(config.stream.device);
  const auto* function = reinterpret_cast<const void*>(kernel);
  int most = 0;
  cuda_runtime::check(
      cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, config.stream.device.index),
      "asking how much shared memory there is");
  cuda_runtime::check(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, most),
                      "asking for shared memory");
  if (config.cluster_blocks <= kPortableClusterBlocks) return;
  cuda_runtime::check(cudaFuncSetAttribute(function, cudaFuncAttributeNonPortableClusterSizeAllowed, 1),
                      "asking for large clusters");
}

/// A LaunchConfig as CUDA takes it.
class NativeLaunch {
 public:
  explicit NativeLaunch(const LaunchConfig& config) {
    launch_.gridDim = dim3(config.grid.x, config.grid.y);
    launch_.blockDim = dim3(config.block.x, config.block.y);
    launch_.dynamicSmemBytes = config.shared_bytes;
    launch_.stream = static_cast<cudaStream_t>(config.stream.native);
    launch_.attrs = attributes_;
    if (config.order == LaunchOrder::overlapping) {
      add(cudaLaunchAttributeProgrammaticStreamSerialization).programmaticStreamSerializationAllowed = 1;
    }
    if (config.cluster_blocks > 1) add(cudaLaunchAttributeClusterDimension).clusterDim = {config.cluster_blocks, 1, 1};
    if (config.cooperative) add(cudaLaunchAttributeCooperative).cooperative = 1;
  }
  NativeLaunch(const NativeLaunch&) = delete;
  NativeLaunch& operator=(const NativeLaunch&) = delete;

  const cudaLaunchConfig_t* get() const { return &launch_; }

 private:
  cudaLaunchAttributeValue& add(cudaLaunchAttributeID id) {
    cudaLaunchAttribute& attribute = attributes_[launch_.numAttrs++];
    attribute.id = id;
    return attribute.val;
  }

  cudaLaunchAttribute attributes_[3] = {};
  cudaLaunchConfig_t launch_ = {};
};

/// How many clusters of such a launch the device runs at once; 0 where it cannot run one.
template <typename... Parameters>
int resident_clusters(void (*kernel)(Parameters...), const LaunchConfig& config) {
  const cuda_runtime::CurrentDevice scope(config.stream.device);
  int clusters = 0;
  cuda_runtime::check(
      cudaOccupancyMaxActiveClusters(&clusters, reinterpret_cast<const void*>(kernel), NativeLaunch(config).get()),
      "asking how many clusters fit");
  return clusters;
}

/// Queues `kernel(arguments...)`. Throws `RuntimeError` when CUDA refuses it; what goes wrong while it runs shows
/// later.
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), const LaunchConfig& config, Arguments&&... arguments) {
  cuda_runtime::announce(cuda_runtime::Call::launch);
  const cuda_runtime::CurrentDevice scope(config.stream.device);  // a default stream is the current device's
  cuda_runtime::check(cudaLaunchKernelEx(NativeLaunch(config).get(), kernel, std::forward<Arguments>(arguments)...),
                      "launching a kernel");
}

}  // namespace rondo::device
