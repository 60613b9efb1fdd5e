/// What a launch may ask of the simulated device: as much as of a device of compute capability 9.0, with room for few
/// blocks at once.
#pragma once

#include "cuda/device/launch_config.h"

namespace rondo::test::simt {

/// Lets `kernel` be launched with as much shared memory as there is, and with so large a cluster as `config` says.
/// Throws `RuntimeError` for more shared memory than the device has.
void prepare_kernel(const void* kernel, const device::LaunchConfig& config);

/// Throws `RuntimeError` for a launch that needs prepare_kernel and has not had it, and for a cooperative one of more
/// blocks than are resident at once.
void check_launch_limits(const void* kernel, const device::LaunchConfig& config);

int resident_clusters(const device::LaunchConfig& config);

/// While it lives, the device has no room for clusters of more blocks, whatever its properties promise.
class LargestCluster {
 public:
  explicit LargestCluster(unsigned blocks);
  ~LargestCluster();
  LargestCluster(const LargestCluster&) = delete;
  LargestCluster& operator=(const LargestCluster&) = delete;
};

}  // namespace rondo::test::simt
