/// Devices, on which tensors live and work runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rondo {

/// The kinds of devices.
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

/// The name of a device: "cpu" or "cuda:0".
std::string to_string(Device device);

/// How many clusters of each size a device runs at once, when every block has a multiprocessor of its own. A cluster
/// lies within one GPC, a group of a GPU's multiprocessors, so a count may be smaller than the number of
/// multiprocessors divided by the size. 0: the device runs no such cluster.
struct ClusterCounts {
  int of_2 = 0;
  int of_4 = 0;
  int of_8 = 0;
  int of_16 = 0;

  bool operator==(const ClusterCounts&) const = default;

  /// The count of clusters of `blocks` blocks; 0 for a size other than 2, 4, 8 and 16.
  constexpr int of(int blocks) const {
    switch (blocks) {
      case 2: return of_2;
      case 4: return of_4;
      case 8: return of_8;
      case 16: return of_16;
      default: return 0;
    }
  }

  /// Blocks of the largest cluster that the device runs; 0 if the device runs no clusters.
  constexpr int most_blocks() const {
    for (int blocks = 16; blocks >= 2; blocks /= 2) {
      if (of(blocks) > 0) return blocks;
    }
    return 0;
  }
};

/// What a planner needs to know about a device. The struct is data alone, so that a test can make plans for a device
/// that the machine does not have. Only the first three members apply to a CPU.
struct DeviceProperties {
  Device device = {};
  /// Hardware threads of a CPU, multiprocessors of a GPU.
  int processors = 1;
  std::string name = {};
  /// 90 is compute capability 9.0.
  int compute_capability = 0;
  /// Shared memory that one block of threads may ask for.
  std::size_t shared_bytes_per_block = 0;
  /// Clusters are groups of blocks that share memory; GPUs have them from compute capability 9.0 on. A share of a
  /// device has fewer processors, but keeps the counts of the whole device.
  ClusterCounts clusters = {};
  std::size_t l2_bytes = 0;
  std::size_t memory_bytes = 0;

  /// How many clusters of `blocks` blocks run at once; `processors` limits that number. 0: no such cluster can run.
  constexpr int clusters_at_once(int blocks) const {
    const int fit = clusters.of(blocks);
    return fit == 0 ? 0 : (fit < processors / blocks ? fit : processors / blocks);
  }
};

/// Properties of a device of this machine. Throws `ValueError` for a device that this build or machine does not have.
DeviceProperties properties_of(Device device);

/// Properties of a named GPU, as those of cuda(0), to make a plan for a GPU that the machine does not have. Names are
/// "h200", "h100" (the SXM modules), "h100_pcie", "a100" (with 80 GB), and "h200_mig_1g", a slice of an H200. Making
/// the plan needs a build with CUDA's executors. Throws `ValueError` listing the known names.
DeviceProperties known_gpu(const std::string& name);

/// Throws `ValueError`, with the reason, for a device that this build or machine does not have.
void check_device(Device device);

/// The number of usable CUDA devices: 0 in a build without CUDA and on a machine without a GPU or its driver.
int cuda_device_count();

/// The first CUDA device, or the CPU if there is no CUDA device. In a build with CUDA that finds no device, the first
/// call prints the reason to stderr.
Device default_device();

/// An ordered queue of work on a device. `native` is the `cudaStream_t` on CUDA devices and null on the CPU, where
/// every call has finished when it returns.
struct Stream {
  Device device = {};
  void* native = nullptr;
};

/// Whether a session on a CUDA device records its runs in CUDA graphs, which start faster than single launches.
enum class GraphUse : std::uint8_t {
  automatic,  ///< the second run with the same tensors is recorded, and replayed from then on
  never       ///< every run launches its work anew
};

}  // namespace rondo
