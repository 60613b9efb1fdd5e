/// How fast this very device moves and multiplies, measured in a second: what a measured time is held against.
#pragma once

#include <optional>

#include "rondo/vocabulary/device.h"

namespace rondo::bench {

struct Ceilings {
  /// A copy of 1 GiB within the device's memory, bytes read plus bytes written.
  double copy_gigabytes_per_second = 0;
  /// A bf16 product of two random 8192 x 8192 matrices; none where the device's ops have no products.
  std::optional<double> matmul_teraflops = std::nullopt;
};

Ceilings measure_ceilings(const DeviceProperties& device);

}  // namespace rondo::bench
