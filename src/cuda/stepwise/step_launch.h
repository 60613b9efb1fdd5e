/// How the kernels of a step are started.
#pragma once

#include <cstdint>

#include "cuda/device/launch_config.h"
#include "recurrence/executor.h"

namespace rondo {

/// On which stream the kernels of a step are queued, and how.
struct StepLaunch {
  Stream stream = {};
  device::LaunchOrder order = device::LaunchOrder::serial;  ///< the order of kernels that may overlap
  /// The fewest units for which packs are faster. With fewer units, the threads of packs leave multiprocessors idle.
  std::int64_t packed_units = 0;

  bool packs_pay(std::int64_t B, std::int64_t H) const { return B * H >= packed_units; }
};

/// How the kernels of a session's steps are started.
StepLaunch step_launch(const RunnerRequest& request);

}  // namespace rondo
