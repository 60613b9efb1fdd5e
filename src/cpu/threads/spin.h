/// Short waits between threads that run at the same time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace rondo {

/// Tells the processor that the calling loop waits.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Polls `done` for about ten microseconds, and then yields the processor between polls, because the awaited thread may
/// need that processor.
template <typename Done>
void spin_until(Done&& done) {
  constexpr int kPolls = 300;
  for (int poll = 0; !done(); ++poll) {
    if (poll < kPolls) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }
}

/// Polls `done` for at most `most`, and does not yield the processor. Returns whether `done` was true.
template <typename Done>
bool spin_for(std::chrono::microseconds most, Done&& done) {
  constexpr int kPollsOfAClock = 16;  // reading the clock takes as long as a poll
  const auto end = std::chrono::steady_clock::now() + most;
  do {
    for (int poll = 0; poll < kPollsOfAClock; ++poll) {
      if (done()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

/// A reusable barrier for threads that all run at the same time.
class alignas(64) SpinBarrier {
 public:
  /// Returns when `count` threads have arrived. All that they did before happens before all that they do afterwards.
  void arrive_and_wait(int count) {
    if (count == 1) return;
    const std::uint32_t meeting = meetings_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) == count - 1) {
      arrived_.store(0, std::memory_order_relaxed);
      meetings_.store(meeting + 1, std::memory_order_release);
    } else {
      spin_until([&] { return meetings_.load(std::memory_order_acquire) != meeting; });
    }
  }

 private:
  std::atomic<int> arrived_ = 0;
  // On a cache line of its own: waiting threads read this line, and arrivals do not write it.
  alignas(64) std::atomic<std::uint32_t> meetings_ = 0;
};

}  // namespace rondo
