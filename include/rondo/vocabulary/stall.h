/// Records of waits that a kernel, whose blocks wait for each other, has given up.
#pragma once

#include <cstdint>
#include <string>

namespace rondo {

/// How blocks that wait for each other exchange h.
enum class WaitKind : std::int32_t {
  cluster,  ///< through each other's shared memory
  grid      ///< through global memory
};

/// The first wait that a run gave up, for reports and for debugging. All counts begin with 0.
struct StallRecord {
  WaitKind kind = WaitKind::grid;
  std::int32_t block = 0;     ///< index in the launch
  std::int32_t warp = 0;      ///< index in the block, of one of the warps that gave up
  std::int32_t step = 0;      ///< processing step of the recurrence
  std::int32_t exchange = 0;  ///< index in the run: one exchange for each step, or two if a cell multiplies twice
  std::int32_t tile = 0;      ///< the first tile of h, 32 bytes wide, that the warp waited for; 0 in a cluster

  bool operator==(const StallRecord&) const = default;
};

/// A record in words: "a cluster kernel: block 3, warp 1 waited in vain at step 17 for exchange 18, tile 0".
std::string to_string(const StallRecord& record);

}  // namespace rondo
