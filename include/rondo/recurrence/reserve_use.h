/// What becomes of a run's reserve.
#pragma once

#include <cstdint>

namespace rondo {

/// What gradients may do with the reserve of their run.
enum class ReserveUse : std::uint8_t {
  keep,    ///< read it: the run may have further gradients
  consume  ///< overwrite it: these are its last ones. Saves a library a copy that computes in it, as cuDNN does
};

}  // namespace rondo
