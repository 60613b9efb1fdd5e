/// How lines of elements (what a sum runs over, what a softmax is taken along) are dealt out to groups of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "cuda/device/fold_group.cuh"
#include "cuda/device/launch_config.h"
#include "cuda/device/thread.cuh"

namespace rondo {

/// Threads of a block: one group of lanes, or several smaller groups.
inline constexpr int kBlockLanes = 256;

/// Calls `launch(std::integral_constant<int, kLanes>{})` with the lanes of a group for lines of this length. The number
/// of lanes decides in which order a line is folded, so that it may depend only on the length.
template <typename Launch>
void with_lanes(std::int64_t length, const Launch& launch) {
  constexpr std::int64_t kShort = 16;
  constexpr std::int64_t kMedium = 1024;
  if (length <= kShort) {
    launch(std::integral_constant<int, 1>{});
  } else if (length <= kMedium) {
    launch(std::integral_constant<int, device::kWarpLanes>{});
  } else {
    launch(std::integral_constant<int, kBlockLanes>{});
  }
}

/// A thread's group among those of the grid, and its place there. Group g takes line g, g + groups, ...
template <int kLanes>
struct LineGroup {
  std::int64_t first_line;
  int lane;
};

template <int kLanes>
__device__ inline LineGroup<kLanes> line_group() {
  const std::int64_t thread =
      std::int64_t{device::block_index().x} * kBlockLanes + static_cast<std::int64_t>(device::thread_index().x);
  return {thread / kLanes, static_cast<int>(thread % kLanes)};
}

/// Groups for all lines, or as many as fill any device several times over.
template <int kLanes>
device::LaunchConfig line_grid(std::int64_t lines, std::size_t shared_bytes, Stream stream) {
  constexpr std::int64_t kMaxBlocks = 1 << 16;
  constexpr std::int64_t kGroups = kBlockLanes / kLanes;
  const std::int64_t blocks = std::min(kMaxBlocks, (lines + kGroups - 1) / kGroups);
  return {
      .grid = {static_cast<unsigned>(blocks)}, .block = {kBlockLanes}, .shared_bytes = shared_bytes, .stream = stream};
}

/// Groups of the grid.
template <int kLanes>
std::int64_t groups_of(const device::LaunchConfig& config) {
  return std::int64_t{config.grid.x} * (kBlockLanes / kLanes);
}

}  // namespace rondo
