/// The device that the parity tests compare with the CPU: RONDO_TEST_DEVICE, "cpu" or "cuda:N", by default cuda:0. In
/// programs that link rondo_on_simt, cuda:0 is simulated on the host.
#pragma once

#include <cstdlib>
#include <string>

#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/error.h"

namespace rondo::test {

inline Device device_from_name(const std::string& name) {
  if (name == "cpu") return cpu();
  if (name.rfind("cuda:", 0) == 0) return cuda(std::atoi(name.c_str() + 5));
  throw ValueError("device", "'" + name + "'", "cpu or cuda:N");
}

inline Device device_under_test() {
  const char* name = std::getenv("RONDO_TEST_DEVICE");
  return name == nullptr ? cuda(0) : device_from_name(name);
}

}  // namespace rondo::test
