/// Whether a device has room for a launch: data and texts that the device and the tests' host share.
#pragma once

#include <cstddef>
#include <string>

#include "cuda/device/launch_config.h"

namespace rondo::device {

/// What a device has for a launch.
struct LaunchRoom {
  std::size_t shared_bytes = 0;  ///< the most that a block may have
  int clusters = 0;              ///< how many run at once, in a launch with clusters
  int blocks = 0;                ///< how many run at once, in a cooperative launch
};

/// Why the device has no room for a launch, as a clause that says what the launch needs and what the device has; empty
/// where it has room.
std::string why_no_room(const LaunchConfig& config, const LaunchRoom& room);

}  // namespace rondo::device
