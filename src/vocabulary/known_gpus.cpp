#include <algorithm>
#include <array>
#include <utility>

#include "rondo/device.h"
#include "rondo/error.h"

namespace rondo {
namespace {

constexpr std::size_t kKiB = std::size_t{1} << 10;
constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kGB = 1000000000;

DeviceProperties hopper(const char* name, int processors, std::size_t memory_bytes) {
  return {.device = cuda(0),
          .processors = processors,
          .name = name,
          .compute_capability = 90,
          .shared_bytes_per_block = 227 * kKiB,
          .cluster_blocks = 16,
          .l2_bytes = 50 * kMiB,
          .memory_bytes = memory_bytes};
}

DeviceProperties a100() {
  return {.device = cuda(0),
          .processors = 108,
          .name = "NVIDIA A100",
          .compute_capability = 80,
          .shared_bytes_per_block = 163 * kKiB,
          .l2_bytes = 40 * kMiB,
          .memory_bytes = 80 * kGB};
}

// One GPC of a Hopper has 16 or 18 multiprocessors, of which a slice gets 16; its clusters are of 8 blocks at most.
DeviceProperties slice_of_h200() {
  DeviceProperties properties = hopper("NVIDIA H200 MIG 1g.18gb", 16, 18 * kGB);
  properties.cluster_blocks = 8;
  properties.l2_bytes /= 8;
  return properties;
}

}  // namespace

DeviceProperties known_gpu(const std::string& name) {
  const std::array<std::pair<const char*, DeviceProperties>, 5> known{
      {{"h200", hopper("NVIDIA H200", 132, 141 * kGB)},
       {"h100", hopper("NVIDIA H100", 132, 80 * kGB)},
       {"h100_pcie", hopper("NVIDIA H100 PCIe", 114, 80 * kGB)},
       {"a100", a100()},
       {"h200_mig_1g", slice_of_h200()}}};
  const auto found = std::ranges::find_if(known, [&](const auto& gpu) { return name == gpu.first; });
  if (found != known.end()) return found->second;
  std::string names;
  for (const auto& [known_name, properties] : known) names += (names.empty() ? "" : ", ") + std::string(known_name);
  throw ValueError("GPU", "'" + name + "'", "one of " + names);
}

}  // namespace rondo
