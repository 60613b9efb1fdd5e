/// Where a tensor lives and where work runs. Floor 0.
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

/// "cpu" or "cuda:0".
std::string to_string(Device device);

/// How many clusters of each size a device runs at once, when every block has a multiprocessor of its own. A cluster
/// lies within one of the groups in which a GPU has its multiprocessors (GPCs), so these are fewer than the
/// multiprocessors over the size. 0: the device runs no such cluster.
struct ClusterCounts {
  int of_2 = 0;
  int of_4 = 0;
  int of_8 = 0;
  int of_16 = 0;

  bool operator==(const ClusterCounts&) const = default;

  /// The count of clusters of `blocks` blocks; 0 for a size that is none of these.
  constexpr int of(int blocks) const {
    switch (blocks) {
      case 2: return of_2;
      case 4: return of_4;
      case 8: return of_8;
      case 16: return of_16;
      default: return 0;
    }
  }

  /// Blocks of the largest cluster that the device runs; 0 where it runs none.
  constexpr int most_blocks() const {
    for (int blocks = 16; blocks >= 2; blocks /= 2) {
      if (of(blocks) > 0) return blocks;
    }
    return 0;
  }
};

/// What a planner needs to know of a device: plain data, so that a test without the device can ask what it would get.
/// A CPU has only the first three.
struct DeviceProperties {
  Device device = {};
  /// Hardware threads of a CPU, multiprocessors of a GPU.
  int processors = 1;
  std::string name = {};
  /// 90 is compute capability 9.0.
  int compute_capability = 0;
  /// Shared memory that one block of threads may ask for.
  std::size_t shared_bytes_per_block = 0;
  /// Clusters are blocks that share memory; there are none before compute capability 9.0. A share of a device, with
  /// fewer processors, keeps the counts of the whole.
  ClusterCounts clusters = {};
  std::size_t l2_bytes = 0;
  std::size_t memory_bytes = 0;

  /// How many clusters of `blocks` blocks run at once: no more than `processors` has room for. 0: none can run.
  constexpr int clusters_at_once(int blocks) const {
    const int fit = clusters.of(blocks);
    return fit == 0 ? 0 : (fit < processors / blocks ? fit : processors / blocks);
  }
};

/// Properties of a device of this machine. Throws `ValueError` for a device that this build or machine has not.
DeviceProperties properties_of(Device device);

/// Properties of a GPU that need not be here, as cuda(0), to ask what a plan for it would be: "h200", "h100" (the SXM
/// modules), "h100_pcie", "a100" (with 80 GB), and "h200_mig_1g", a slice of an H200. The plan itself needs a build
/// with CUDA, whose executors it asks. Throws `ValueError` listing the known names.
DeviceProperties known_gpu(const std::string& name);

/// Throws `ValueError`, with the reason, for a device that this build or machine has not.
void check_device(Device device);

/// CUDA devices that can be used: 0 in a build without CUDA and on a machine without a GPU or its driver.
int cuda_device_count();

/// The first CUDA device, or the CPU where there is none. A build with CUDA that finds no device says so on stderr,
/// with the reason, the first time it is asked.
Device default_device();

/// An ordered queue of work on a device. `native` is the `cudaStream_t` on CUDA devices and null on the CPU, where
/// every call has finished when it returns.
struct Stream {
  Device device = {};
  void* native = nullptr;
};

/// Whether a session on a CUDA device records its runs in CUDA graphs, which start faster than the calls one by one.
enum class GraphUse : std::uint8_t {
  automatic,  ///< the second run with the same tensors is recorded, and replayed from then on
  never       ///< every run makes its calls one by one
};

}  // namespace rondo
