/// Which processors the threads of a pool's run are on.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace rondo {

/// When a worker last left a processor that it shared. Each worker has its own.
using LastMove = std::chrono::steady_clock::time_point;

/// Keeps the threads of a run on processors of their own. Linux wakes a worker where it ran last, although the caller
/// that wakes it runs there, if it takes the other processors for busy: it does not search for an idle one while the
/// average load is high. Both threads then share that processor for as long as runs follow one another, and each of
/// their barriers costs a change of threads. So a worker that finds its processor claimed leaves it. Does nothing on
/// systems other than Linux.
class ProcessorClaims {
 public:
  /// Claims the processor of the calling thread for a run, whose number differs from that of the run before.
  void claim(std::uint32_t run);

  /// Claims the processor of the calling worker. If another thread of the run has claimed it, the worker first moves to
  /// a processor of its affinity mask that no thread of the run has, at most once a millisecond, because on a busy
  /// machine every processor may be shared with some other program. The worker's affinity mask is afterwards as before.
  /// Returns whether it moved.
  bool claim_alone(std::uint32_t run, LastMove& last_move);

 private:
  bool is_claimed(int processor, std::uint32_t run) const;
  bool leave(std::uint32_t run) const;

  static constexpr int kMostProcessors = 1024;  ///< those of a cpu_set_t; further ones are not claimed

  std::array<std::atomic<std::uint32_t>, kMostProcessors> runs_{};  ///< the last run that claimed each processor
};

}  // namespace rondo
