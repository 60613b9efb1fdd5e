/// How fast this device copies and multiplies, measured within a second: the ceilings of all other measurements.
#pragma once

#include <optional>

#include "rondo/vocabulary/device.h"

namespace rondo::bench {

struct Ceilings {
  /// Rate of a copy of 1 GiB within the device's memory; counts bytes read plus bytes written.
  double copy_gigabytes_per_second = 0;
  /// Rate of a bf16 product of two random 8192 x 8192 matrices; none where the device's ops have no products.
  std::optional<double> matmul_teraflops = std::nullopt;
};

Ceilings measure_ceilings(const DeviceProperties& device);

}  // namespace rondo::bench
