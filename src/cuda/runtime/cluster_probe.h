/// How many clusters a device runs at once.
#pragma once

#include "rondo/vocabulary/device.h"

namespace rondo::cuda_runtime {

/// Asks CUDA, for blocks of 256 threads with all the shared memory that a block can have: no two of them share a
/// multiprocessor. A size that CUDA refuses, as small slices of a GPU do, counts 0: this does not throw.
ClusterCounts count_clusters(Device device) noexcept;

}  // namespace rondo::cuda_runtime
