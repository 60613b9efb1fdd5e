/// Launches on the simulated device have the limits of compute capability 9.0, and room for few blocks at once.
#pragma once

#include <cstddef>

#include "cuda/device/launch_config.h"

namespace rondo::test::simt {

/// Permits launches of `kernel` with all of the device's shared memory, and with clusters as large as `config` has.
/// Throws `RuntimeError` for more shared memory than the device has.
void prepare_kernel(const void* kernel, const device::LaunchConfig& config);

/// Throws `RuntimeError` for a launch beyond what prepare_kernel permitted, and for a cooperative launch of more blocks
/// than are resident at once.
void check_launch_limits(const void* kernel, const device::LaunchConfig& config);

std::size_t most_shared_bytes();
int resident_clusters(const device::LaunchConfig& config);
int resident_blocks(const device::LaunchConfig& config);

/// During the life of such an object, the device has no room for larger clusters, whatever its properties promise.
class LargestCluster {
 public:
  explicit LargestCluster(unsigned blocks);
  ~LargestCluster();
  LargestCluster(const LargestCluster&) = delete;
  LargestCluster& operator=(const LargestCluster&) = delete;
};

/// During the life of such an object, no more blocks are resident at once, whatever the device's properties promise.
class MostResidentBlocks {
 public:
  explicit MostResidentBlocks(unsigned blocks);
  ~MostResidentBlocks();
  MostResidentBlocks(const MostResidentBlocks&) = delete;
  MostResidentBlocks& operator=(const MostResidentBlocks&) = delete;
};

/// During the life of such an object, a block gets no more shared memory, whatever the device's properties promise.
class MostSharedBytes {
 public:
  explicit MostSharedBytes(std::size_t bytes);
  ~MostSharedBytes();
  MostSharedBytes(const MostSharedBytes&) = delete;
  MostSharedBytes& operator=(const MostSharedBytes&) = delete;
};

}  // namespace rondo::test::simt
