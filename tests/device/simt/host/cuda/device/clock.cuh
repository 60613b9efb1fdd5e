/// The host's version of src/cuda/device/clock.cuh: time passes only while no thread of the grid makes progress.
#pragma once

#include <cstdint>

#include "device/simt/executor.h"

namespace rondo::device {

inline std::uint32_t clock_nanoseconds() { return static_cast<std::uint32_t>(test::simt::idle_nanoseconds()); }

/// A small number, because a poll on the host takes long.
inline constexpr int kPollsPerLook = 16;

}  // namespace rondo::device
