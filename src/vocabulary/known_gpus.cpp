#include <algorithm>
#include <array>
#include <utility>

#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::size_t kKiB = std::size_t{1} << 10;
constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kGB = 1000000000;

// An H100 SXM has 132 multiprocessors in 8 GPCs of at most 18. It runs 15 clusters of 8, not 16: cuBLAS launches 60 x 2
// blocks in clusters of 4 x 2 (NVIDIA/cutlass, issue 1921), and clusters of 8 were seen on 120 multiprocessors
// (accel-sim/gpu-app-collection, pull request 87). So at least one GPC has fewer than 16 multiprocessors. The other
// counts are derived from GPCs of 18, 18, 18, 16, 16, 16, 16 and 14. An H200 is assumed to have equal counts, because
// it has the same chip.
constexpr ClusterCounts kSxmClusters{.of_2 = 66, .of_4 = 31, .of_8 = 15, .of_16 = 7};

// NVIDIA gives 114 multiprocessors in 7 or 8 GPCs. The counts are derived from 7 GPCs, six of 16 and one of 18.
constexpr ClusterCounts kPcieClusters{.of_2 = 57, .of_4 = 28, .of_8 = 14, .of_16 = 7};

// A slice has 16 multiprocessors of one GPC, and runs no clusters of a size that is not portable (above 8).
constexpr ClusterCounts kSliceClusters{.of_2 = 8, .of_4 = 4, .of_8 = 2};

DeviceProperties hopper(const char* name, int processors, const ClusterCounts& clusters, std::size_t memory_bytes) {
  return {.device = cuda(0),
          .processors = processors,
          .name = name,
          .compute_capability = 90,
          .shared_bytes_per_block = 227 * kKiB,
          .clusters = clusters,
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

DeviceProperties slice_of_h200() {
  DeviceProperties properties = hopper("NVIDIA H200 MIG 1g.18gb", 16, kSliceClusters, 18 * kGB);
  properties.l2_bytes /= 8;
  return properties;
}

}  // namespace

DeviceProperties known_gpu(const std::string& name) {
  const std::array<std::pair<const char*, DeviceProperties>, 5> known{
      {{"h200", hopper("NVIDIA H200", 132, kSxmClusters, 141 * kGB)},
       {"h100", hopper("NVIDIA H100", 132, kSxmClusters, 80 * kGB)},
       {"h100_pcie", hopper("NVIDIA H100 PCIe", 114, kPcieClusters, 80 * kGB)},
       {"a100", a100()},
       {"h200_mig_1g", slice_of_h200()}}};
  const auto found = std::ranges::find_if(known, [&](const auto& gpu) { return name == gpu.first; });
  if (found != known.end()) return found->second;
  std::string names;
  for (const auto& [known_name, properties] : known) names += (names.empty() ? "" : ", ") + std::string(known_name);
  throw ValueError("GPU", "'" + name + "'", "one of " + names);
}

}  // namespace rondo
