/// Whether a device has room for a launch: plain data and words, the same for the device and for the tests' host.
#pragma once

#include <cstddef>
#include <string>

#include "cuda/device/launch_config.h"

namespace rondo::device {

/// What a device has for a launch.
struct LaunchRoom {
  std::size_t shared_bytes = 0;  ///< that a block may have
  int clusters = 0;              ///< that run at once, of a launch with clusters
  int blocks = 0;                ///< that run at once, of a cooperative launch
};

/// Why there is no room for a launch, as a clause that says what it needs and what the device has; empty where there
/// is.
std::string why_no_room(const LaunchConfig& config, const LaunchRoom& room);

}  // namespace rondo::device
