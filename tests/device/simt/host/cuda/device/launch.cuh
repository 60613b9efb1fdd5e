/// The host's version of src/cuda/device/launch.cuh. On the simulated device a launch queues the kernel; with a
/// stream of the CPU a launch runs it.
#pragma once

#include "cuda/device/launch_config.h"
#include "cuda/runtime/calls.h"
#include "device/simt/device/launch_limits.h"
#include "device/simt/device/stream_queue.h"
#include "device/simt/executor.h"

namespace rondo::device {

inline std::size_t most_shared_bytes(Device) { return test::simt::most_shared_bytes(); }

template <typename... Parameters>
void prepare(void (*kernel)(Parameters...), const LaunchConfig& config) {
  test::simt::prepare_kernel(reinterpret_cast<const void*>(kernel), config);
}

template <typename... Parameters>
int resident_clusters(void (*)(Parameters...), const LaunchConfig& config) {
  return test::simt::resident_clusters(config);
}

template <typename... Parameters>
int resident_blocks(void (*)(Parameters...), const LaunchConfig& config) {
  return test::simt::resident_blocks(config);
}

template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), const LaunchConfig& config, const Arguments&... arguments) {
  cuda_runtime::announce(cuda_runtime::Call::launch);
  test::simt::check_launch_limits(reinterpret_cast<const void*>(kernel), config);
  test::simt::submit(config.stream, [=] { test::simt::run_grid(config, [&] { kernel(arguments...); }); });
}

}  // namespace rondo::device
