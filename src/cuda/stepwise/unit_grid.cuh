/// How the units of all rows, (B, H), are dealt out to threads.
///
/// A thread takes kWidth neighbouring units of one row. Neighbours along x take neighbouring units, so that the
/// accesses of a warp are one run of bytes; narrow rows share a block along y. Rows lie along the grid's x, whose limit
/// is 2^31.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cuda/device/launch_config.h"
#include "cuda/device/thread.cuh"

namespace rondo {

/// Threads of the largest block: four warps, so that few rows still spread over several multiprocessors.
inline constexpr int kUnitThreads = 128;

/// The position of a thread's first unit. A thread whose position is beyond B or H has no work. `u` has 32 bits because
/// nvcc 13 does not see that the elements of a pack are neighbours when their offsets are sums of 64-bit multiples of
/// kWidth.
struct UnitPosition {
  std::int64_t b;
  int u;
};

template <int kWidth>
__device__ inline UnitPosition unit_position() {
  const device::Extent block = device::block_index();
  const device::Extent size = device::block_size();
  const device::Extent thread = device::thread_index();
  const unsigned group = block.y * size.x + thread.x;
  return {std::int64_t{block.x} * size.y + thread.y, static_cast<int>(group) * kWidth};
}

/// A grid that covers B rows of H units: 0 < B, 0 < H < 2^30, and H a multiple of kWidth.
template <int kWidth>
device::LaunchConfig unit_grid(std::int64_t B, std::int64_t H, Stream stream, device::LaunchOrder order) {
  const std::int64_t groups = H / kWidth;
  std::int64_t columns = 1;
  while (columns < groups && columns < kUnitThreads) columns *= 2;
  const std::int64_t rows = std::min(kUnitThreads / columns, B);
  const auto blocks = [](std::int64_t count, std::int64_t size) {
    return static_cast<unsigned>((count + size - 1) / size);
  };
  return {.grid = {blocks(B, rows), blocks(groups, columns)},
          .block = {static_cast<unsigned>(columns), static_cast<unsigned>(rows)},
          .stream = stream,
          .order = order};
}

}  // namespace rondo
