#include "rondo/vocabulary/device.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "cuda/runtime/runtime.h"
#include "rondo/vocabulary/error.h"
#include "vocabulary/log.h"

namespace rondo {

std::string to_string(Device device) {
  return device.type == DeviceType::cpu ? "cpu" : "cuda:" + std::to_string(device.index);
}

DeviceProperties properties_of(Device device) {
  check_device(device);
  if (device.type == DeviceType::cuda) return cuda_runtime::properties(device.index);
  return {device, static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))};
}

void check_device(Device device) {
  if (device == cpu()) return;
  const int count = cuda_device_count();
  if (device.type == DeviceType::cuda && device.index >= 0 && device.index < count) return;
  std::string expected = "cpu";
  if (count > 0) expected += " or a CUDA device below cuda:" + std::to_string(count);
  if (count == 0) expected += ", the only device here";
  const std::string reason = cuda_runtime::why_no_device();
  if (count == 0 && !reason.empty()) expected += " (" + reason + ")";
  throw ValueError("device", to_string(device), expected);
}

int cuda_device_count() { return cuda_runtime::device_count(); }

Device default_device() {
  if (cuda_device_count() > 0) return cuda(0);
  const std::string reason = cuda_runtime::why_no_device();
  static std::atomic_flag said = ATOMIC_FLAG_INIT;  // not a once_flag, which could block a child of fork()
  if (!reason.empty() && !said.test_and_set()) {
    log(LogLevel::warning, "no CUDA device, running on the CPU: " + reason);
  }
  return cpu();
}

}  // namespace rondo
