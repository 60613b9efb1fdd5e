/// Waiting for something that another thread is about to do. Floor 1.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace rondo {

/// Tells the processor that this is a loop that waits.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Polls `done` for some ten microseconds, and then gives the processor away between polls: the thread that is waited
/// for may need it.
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

/// Where threads that are all under way meet, again and again.
class alignas(64) SpinBarrier {
 public:
  /// Returns when `count` threads have arrived. What each did before happens before what any does afterwards.
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
  // On a line of its own: who waits reads it, and arrivals do not disturb that.
  alignas(64) std::atomic<std::uint32_t> meetings_ = 0;
};

}  // namespace rondo
