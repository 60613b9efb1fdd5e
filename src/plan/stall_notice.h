/// How the host learns of a stall without asking the device: the kernel that gives up writes to a word of host memory.
#pragma once

#include <cstdint>

#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// A word of host memory, which a kernel writes when it sets kStalled in the flags of a session.
class StallNotice {
 public:
  /// Queues writing the word's address to `flags` on `stream`.
  StallNotice(const Tensor& flags, Stream stream);
  ~StallNotice();
  StallNotice(const StallNotice&) = delete;
  StallNotice& operator=(const StallNotice&) = delete;

  /// Whether a run may have stalled; the flags have the truth. It is seen at the latest when the host has waited for
  /// the run. Another session's run, of before this notice was made, may have given it.
  bool given() const;
  /// Makes `given()` false again. To be called while no run is in flight.
  void clear();

 private:
  std::uint32_t* const word_;
};

}  // namespace rondo
