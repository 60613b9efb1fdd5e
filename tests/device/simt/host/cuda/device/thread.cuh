/// The host's version of src/cuda/device/thread.cuh, and empty definitions of the words that mark a kernel.
#pragma once

#include "cuda/device/launch_config.h"
#include "device/simt/executor.h"

#define __global__
#define __device__
#define __launch_bounds__(...)
#define __grid_constant__

namespace rondo::device {

inline Extent thread_index() { return test::simt::place().thread; }
inline Extent block_index() { return test::simt::place().block; }
inline Extent block_size() { return test::simt::place().block_size; }

}  // namespace rondo::device
