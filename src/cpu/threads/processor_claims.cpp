#include "cpu/threads/processor_claims.h"

#include <cstddef>

#ifdef __linux__
#include <sched.h>
#endif

namespace rondo {
namespace {

constexpr std::chrono::milliseconds kBetweenMoves{1};

/// The processor of the calling thread; negative where that is not known.
int current_processor() {
#ifdef __linux__
  return sched_getcpu();
#else
  return -1;
#endif
}

}  // namespace

void ProcessorClaims::claim(std::uint32_t run) {
  const int processor = current_processor();
  if (processor < 0 || processor >= kMostProcessors) return;
  runs_[static_cast<std::size_t>(processor)].store(run, std::memory_order_relaxed);
}

bool ProcessorClaims::claim_alone(std::uint32_t run, LastMove& last_move) {
  bool moved = false;
  if (is_claimed(current_processor(), run)) {
    const LastMove now = std::chrono::steady_clock::now();
    if (now - last_move >= kBetweenMoves) {
      last_move = now;
      moved = leave(run);
    }
  }
  claim(run);
  return moved;
}

bool ProcessorClaims::is_claimed(int processor, std::uint32_t run) const {
  if (processor < 0 || processor >= kMostProcessors) return false;
  return runs_[static_cast<std::size_t>(processor)].load(std::memory_order_relaxed) == run;
}

/// Linux moves a thread at once whose mask lacks its processor, and leaves it there when the mask is widened again.
bool ProcessorClaims::leave(std::uint32_t run) const {
#ifdef __linux__
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return false;
  cpu_set_t others = allowed;
  for (int processor = 0; processor < kMostProcessors; ++processor) {
    if (is_claimed(processor, run)) CPU_CLR(static_cast<std::size_t>(processor), &others);
  }
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof(others), &others) != 0) return false;
  sched_setaffinity(0, sizeof(allowed), &allowed);  // fails only if the system has taken all of them away meanwhile
  return true;
#else
  (void)run;
  return false;
#endif
}

}  // namespace rondo
