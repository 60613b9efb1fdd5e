/// Locks that stay usable in a child of fork(), which has the memory of all threads but only one of the threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace rondo {

/// The generation of this process: never 0, constant while the process lives, and different in its children. A claim
/// that was made under another generation belongs to threads that this process does not have.
std::uint64_t fork_generation();

/// A lock for data that is inconsistent only for a moment. fork() waits until the lock is free, so that a child finds
/// the lock free and the data consistent. A thread that holds a ForkLock must not fork. A ForkLock must live as long as
/// the program, because fork() takes every lock that was ever made.
class ForkLock {
 public:
  ForkLock();
  ForkLock(const ForkLock&) = delete;
  ForkLock& operator=(const ForkLock&) = delete;

  void lock();
  bool try_lock();
  void unlock();
  /// Shares the lock with other threads, for work that fork() must not interrupt but that threads may do at the same
  /// time. A thread that holds the lock must not take it again.
  void lock_shared();
  void unlock_shared();

 private:
  friend struct AtFork;

  std::mutex mutex_;  ///< held by an exclusive owner, also while it waits for sharers, and by a thread that joins them
  std::atomic<int> sharers_ = 0;
  ForkLock* older_ = nullptr;  ///< the lock that was made before this one
};

/// A flag that one thread holds for the length of a run. fork() does not wait for the flag: a child finds it free, even
/// if a thread of the parent holds it.
class ForkFlag {
 public:
  /// Takes the flag; false if a thread of this process holds it.
  bool take() {
    std::uint64_t holder = taken_in_.load(std::memory_order_relaxed);
    const std::uint64_t here = fork_generation();
    return holder != here && taken_in_.compare_exchange_strong(holder, here, std::memory_order_acquire);
  }
  void release() { taken_in_.store(0, std::memory_order_release); }

 private:
  std::atomic<std::uint64_t> taken_in_ = 0;  ///< the generation of the holder; 0: free
};

}  // namespace rondo
