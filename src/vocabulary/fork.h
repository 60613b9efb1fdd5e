/// What fork() leaves to a child: the memory of all threads, and only one of the threads. Floor 0.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace rondo {

/// Never 0, the same for as long as a process lives, and another one in its children: what was noted under another
/// generation belongs to threads that are not here.
std::uint64_t fork_generation();

/// A lock for what is whole again after a moment. fork() waits until nobody has it, so that a child finds it free and
/// what it guards whole. Who has it does not fork. Lives as long as the program: fork() never forgets one.
class ForkLock {
 public:
  ForkLock();
  ForkLock(const ForkLock&) = delete;
  ForkLock& operator=(const ForkLock&) = delete;

  void lock();
  bool try_lock();
  void unlock();
  /// By many threads at once, for work that fork() must not cut in two, but that threads need not take turns with. Not
  /// again by a thread that has it.
  void lock_shared();
  void unlock_shared();

 private:
  friend struct AtFork;

  std::mutex mutex_;  ///< of who has it alone, waits for that, or joins those who share it
  std::atomic<int> sharers_ = 0;
  ForkLock* older_ = nullptr;  ///< the one that was made before it
};

/// What one thread has at a time, for as long as a run takes. fork() does not wait for it: in a child nobody has what a
/// thread of the parent had.
class ForkFlag {
 public:
  /// False where a thread of this process has it.
  bool take() {
    std::uint64_t holder = taken_in_.load(std::memory_order_relaxed);
    const std::uint64_t here = fork_generation();
    return holder != here && taken_in_.compare_exchange_strong(holder, here, std::memory_order_acquire);
  }
  void release() { taken_in_.store(0, std::memory_order_release); }

 private:
  std::atomic<std::uint64_t> taken_in_ = 0;  ///< the generation of who has it
};

}  // namespace rondo
