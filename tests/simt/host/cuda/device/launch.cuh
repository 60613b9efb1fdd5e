/// The host's version of src/cuda/device/launch.cuh: returns when the kernel has ended.
#pragma once

#include "cuda/device/launch_config.h"
#include "simt/executor.h"

namespace rondo::device {

template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), const LaunchConfig& config, const Arguments&... arguments) {
  test::simt::run_grid(config, [&] { kernel(arguments...); });
}

}  // namespace rondo::device
