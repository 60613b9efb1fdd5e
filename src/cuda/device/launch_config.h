/// How a kernel is laid out over the device and queued: data that the device and the tests' host share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/vocabulary/device.h"

namespace rondo::device {

inline constexpr int kWarpLanes = 32;

/// A size or a position in a grid or a block; x is the axis along which threads of a warp lie.
struct Extent {
  unsigned x = 1;
  unsigned y = 1;
};

/// When a kernel may begin.
enum class LaunchOrder : std::uint8_t {
  serial,      ///< when the work before it in its stream has ended
  overlapping  ///< as soon as the device has room: the kernel calls wait_for_previous_kernel(). Compute capability 9.0
               ///< or newer
};

struct LaunchConfig {
  Extent grid = {};              ///< blocks
  Extent block = {};             ///< threads
  std::size_t shared_bytes = 0;  ///< dynamic shared memory of each block
  Stream stream = {};
  LaunchOrder order = LaunchOrder::serial;
  unsigned cluster_blocks = 1;  ///< neighbouring blocks along x that share memory; divides grid.x
  bool cooperative = false;     ///< all blocks run at once, so that they may wait for each other
};

}  // namespace rondo::device
