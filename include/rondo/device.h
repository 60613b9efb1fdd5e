/// Where a tensor lives and where work runs. Floor 0.
#pragma once

#include <cstdint>
#include <string>

namespace rondo {

enum class DeviceType : std::uint8_t { cpu, cuda };

/// One device: a type and its ordinal among the devices of that type.
struct Device {
  DeviceType type = DeviceType::cpu;
  int index = 0;

  bool operator==(const Device&) const = default;
};

/// The host.
constexpr Device cpu() { return {DeviceType::cpu, 0}; }

/// The CUDA device with this ordinal.
constexpr Device cuda(int index) { return {DeviceType::cuda, index}; }

/// "cpu" or "cuda:0".
std::string to_string(Device device);

/// What a planner needs to know of a device: plain data, so that a test without the device can ask what it would get.
struct DeviceProperties {
  Device device = {};
  /// Hardware threads of a CPU, multiprocessors of a GPU.
  int processors = 1;
};

/// Properties of a device of this machine. Throws `ValueError` for a device that this build cannot use.
DeviceProperties properties_of(Device device);

/// An ordered queue of work on a device. `native` is the `cudaStream_t` on CUDA devices and null on the CPU, where
/// every call has finished when it returns.
struct Stream {
  Device device = {};
  void* native = nullptr;
};

}  // namespace rondo
