/// The position of a thread in its block and grid.
#pragma once

#include "cuda/device/launch_config.h"

namespace rondo::device {

/// Position of the thread in its block.
__device__ inline Extent thread_index() { return {threadIdx.x, threadIdx.y}; }

/// Position of the block in the grid.
__device__ inline Extent block_index() { return {blockIdx.x, blockIdx.y}; }

/// Threads of a block.
__device__ inline Extent block_size() { return {blockDim.x, blockDim.y}; }

}  // namespace rondo::device
