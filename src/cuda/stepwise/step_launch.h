/// How the kernels of a step are started. Floor 4.
#pragma once

#include <cstdint>

#include "cuda/device/launch_config.h"

namespace rondo {

/// On which stream, and how.
struct StepLaunch {
  Stream stream = {};
  device::LaunchOrder order = device::LaunchOrder::serial;  ///< of the kernels that may overlap
  /// From so many units on, packs pay: fewer threads do more, and few units then leave multiprocessors idle.
  std::int64_t packed_units = 0;

  bool packs_pay(std::int64_t B, std::int64_t H) const { return B * H >= packed_units; }
};

}  // namespace rondo
