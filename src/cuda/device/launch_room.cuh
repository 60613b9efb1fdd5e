/// Asks the device whether it has room for a launch.
#pragma once

#include "cuda/device/launch.cuh"
#include "cuda/device/launch_room.h"

namespace rondo::device {

/// Prepares `kernel` where the device has room for the launch. Returns an empty string then, and else the reason, as
/// why_no_room.
template <typename... Parameters>
std::string prepare_if_room(void (*kernel)(Parameters...), const LaunchConfig& config) {
  LaunchRoom room{.shared_bytes = most_shared_bytes(config.stream.device)};
  if (config.shared_bytes <= room.shared_bytes) {  // else CUDA would refuse the next questions
    prepare(kernel, config);
    if (config.cluster_blocks > 1) room.clusters = resident_clusters(kernel, config);
    if (config.cooperative) room.blocks = resident_blocks(kernel, config);
  }
  return why_no_room(config, room);
}

}  // namespace rondo::device
