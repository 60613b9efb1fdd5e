/// The host's version of src/cuda/device/dependent_launch.cuh: here every kernel begins when the one before has ended.
#pragma once

namespace rondo::device {

inline void wait_for_previous_kernel() {}

}  // namespace rondo::device
