#include "rondo/device.h"

#include <algorithm>
#include <thread>

#include "rondo/error.h"

namespace rondo {

std::string to_string(Device device) {
  return device.type == DeviceType::cpu ? "cpu" : "cuda:" + std::to_string(device.index);
}

DeviceProperties properties_of(Device device) {
  if (device != cpu()) throw ValueError("device", to_string(device), "cpu, the only device of this build");
  return {device, static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))};
}

}  // namespace rondo
