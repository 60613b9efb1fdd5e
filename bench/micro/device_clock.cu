#include "cuda/runtime/check.h"
#include "micro/groups.h"

namespace rondo::bench {

double clock_gigahertz(Device device) {
  constexpr double kKilohertzInOne = 1e6;
  int kilohertz = 0;
  cuda_runtime::check(cudaDeviceGetAttribute(&kilohertz, cudaDevAttrClockRate, device.index), "asking for the clock");
  return kilohertz / kKilohertzInOne;
}

}  // namespace rondo::bench
