#include "cuda/runtime/cluster_probe.h"

#include <cuda_runtime.h>

namespace rondo::cuda_runtime {
namespace {

constexpr unsigned kThreads = 256;  // as the largest block of a persistent kernel

__global__ void __launch_bounds__(kThreads) probe_kernel() {}

const auto* const kProbe = reinterpret_cast<const void*>(probe_kernel);

// An error of the question must not be the next caller's. One that has lost the device is found again by any call.
bool succeeds(cudaError_t status) {
  if (status == cudaSuccess) return true;
  (void)cudaGetLastError();
  return false;
}

int clusters_of(unsigned blocks, int shared_bytes) {
  cudaLaunchAttribute size = {};
  size.id = cudaLaunchAttributeClusterDimension;
  size.val.clusterDim = {blocks, 1, 1};
  cudaLaunchConfig_t launch = {};
  launch.gridDim = dim3(blocks);
  launch.blockDim = dim3(kThreads);
  launch.dynamicSmemBytes = static_cast<std::size_t>(shared_bytes);
  launch.attrs = &size;
  launch.numAttrs = 1;
  int clusters = 0;
  return succeeds(cudaOccupancyMaxActiveClusters(&clusters, kProbe, &launch)) ? clusters : 0;
}

ClusterCounts count_on_current_device(int index) {
  int shared_bytes = 0;
  if (!succeeds(cudaDeviceGetAttribute(&shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, index)) ||
      !succeeds(cudaFuncSetAttribute(kProbe, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes))) {
    return {};
  }
  ClusterCounts counts{
      .of_2 = clusters_of(2, shared_bytes), .of_4 = clusters_of(4, shared_bytes), .of_8 = clusters_of(8, shared_bytes)};
  // Larger clusters than the portable 8 must be allowed, which not every device does.
  if (succeeds(cudaFuncSetAttribute(kProbe, cudaFuncAttributeNonPortableClusterSizeAllowed, 1))) {
    counts.of_16 = clusters_of(16, shared_bytes);
  }
  return counts;
}

}  // namespace

ClusterCounts count_clusters(Device device) noexcept {
  int before = 0;
  if (!succeeds(cudaGetDevice(&before)) || !succeeds(cudaSetDevice(device.index))) return {};
  const ClusterCounts counts = count_on_current_device(device.index);
  (void)succeeds(cudaSetDevice(before));
  return counts;
}

}  // namespace rondo::cuda_runtime
