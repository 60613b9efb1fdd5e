/// What a launch may ask of the simulated device: as much as of a device of compute capability 9.0, with room for few
/// blocks at once.
#pragma once

#include <cstddef>

#include "cuda/device/launch_config.h"

namespace rondo::test::simt {

/// Lets `kernel` be launched with as much shared memory as there is, and with so large a cluster as `config` says.
/// Throws `RuntimeError` for more shared memory than the device has.
void prepare_kernel(const void* kernel, const device::LaunchConfig& config);

/// Throws `RuntimeError` for a launch that needs prepare_kernel and has not had it, and for a cooperative one of more
/// blocks than are resident at once.
void check_launch_limits(const void* kernel, const device::LaunchConfig& config);

std::size_t most_shared_bytes();
int resident_clusters(const device::LaunchConfig& config);
int resident_blocks(const device::LaunchConfig& config);

/// While it lives, the device has no room for clusters of more blocks, whatever its properties promise.
class LargestCluster {
 public:
  explicit LargestCluster(unsigned blocks);
  ~LargestCluster();
  LargestCluster(const LargestCluster&) = delete;
  LargestCluster& operator=(const LargestCluster&) = delete;
};

/// While it lives, no more blocks are resident at once, whatever the device's properties promise.
class MostResidentBlocks {
 public:
  explicit MostResidentBlocks(unsigned blocks);
  ~MostResidentBlocks();
  MostResidentBlocks(const MostResidentBlocks&) = delete;
  MostResidentBlocks& operator=(const MostResidentBlocks&) = delete;
};

/// While it lives, a block can have no more shared memory, whatever the device's properties promise.
class MostSharedBytes {
 public:
  explicit MostSharedBytes(std::size_t bytes);
  ~MostSharedBytes();
  MostSharedBytes(const MostSharedBytes&) = delete;
  MostSharedBytes& operator=(const MostSharedBytes&) = delete;
};

}  // namespace rondo::test::simt
