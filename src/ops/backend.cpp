#include "ops/backend.h"

#include "cpu/ops/cpu_ops.h"
#include "rondo/error.h"

namespace rondo {

const OpsBackend& backend_of(Device device) {
  if (device == cpu()) return cpu_ops();
  throw ValueError("device", to_string(device), "cpu, the only device of this build");
}

}  // namespace rondo
