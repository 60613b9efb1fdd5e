/// The one way to start a kernel.
#pragma once

#include <cuda_runtime.h>

#include <utility>

#include "cuda/device/launch_config.h"
#include "cuda/runtime/calls.h"
#include "cuda/runtime/check.h"

namespace rondo::device {

/// The most shared memory that a block may ask for.
inline std::size_t most_shared_bytes(Device device) {
  int most = 0;
  cuda_runtime::check(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device.index),
                      "asking how much shared memory there is");
  return static_cast<std::size_t>(most);
}

/// Must be called once before launches of `kernel` with clusters, or with more shared memory than a block gets by
/// default. Sessions share a kernel, and the last request holds, so that each session requests all shared memory of a
/// block.
template <typename... Parameters>
void prepare(void (*kernel)(Parameters...), const LaunchConfig& config) {
  constexpr unsigned kPortableClusterBlocks = 8;
  const cuda_runtime::CurrentDevice scope(config.stream.device);
  const auto* function = reinterpret_cast<const void*>(kernel);
  const auto most = static_cast<int>(most_shared_bytes(config.stream.device));
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

/// How many clusters of such a launch the device runs at once, of a prepared kernel; 0 where it cannot run one.
template <typename... Parameters>
int resident_clusters(void (*kernel)(Parameters...), const LaunchConfig& config) {
  const cuda_runtime::CurrentDevice scope(config.stream.device);
  int clusters = 0;
  const cudaError_t status =
      cudaOccupancyMaxActiveClusters(&clusters, reinterpret_cast<const void*>(kernel), NativeLaunch(config).get());
  return cuda_runtime::is_refusal(status, "asking how many clusters fit") ? 0 : clusters;
}

/// How many blocks of such a launch, without clusters, the device runs at once, of a prepared kernel; 0 where it cannot
/// run one.
template <typename... Parameters>
int resident_blocks(void (*kernel)(Parameters...), const LaunchConfig& config) {
  const cuda_runtime::CurrentDevice scope(config.stream.device);
  int of_processor = 0;
  const auto threads = static_cast<int>(config.block.x * config.block.y);
  const cudaError_t status = cudaOccupancyMaxActiveBlocksPerMultiprocessor(
      &of_processor, reinterpret_cast<const void*>(kernel), threads, config.shared_bytes);
  if (cuda_runtime::is_refusal(status, "asking how many blocks fit")) return 0;
  int processors = 0;
  cuda_runtime::check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, config.stream.device.index),
                      "asking how many multiprocessors there are");
  return of_processor * processors;
}

/// Queues `kernel(arguments...)`. Throws `RuntimeError` when CUDA refuses the launch. Errors while the kernel runs show
/// later.
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), const LaunchConfig& config, Arguments&&... arguments) {
  cuda_runtime::announce(cuda_runtime::Call::launch);
  const cuda_runtime::CurrentDevice scope(config.stream.device);  // a default stream is the current device's
  cuda_runtime::check(cudaLaunchKernelEx(NativeLaunch(config).get(), kernel, std::forward<Arguments>(arguments)...),
                      "launching a kernel");
}

}  // namespace rondo::device
