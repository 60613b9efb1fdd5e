#include "vocabulary/fork.h"

#include <pthread.h>

namespace rondo {
namespace {

constinit std::atomic<std::uint64_t> generation = 1;
constinit std::atomic<ForkLock*> newest = nullptr;

// Serialises forks, because a fork holds all locks.
constinit std::mutex forks;
constinit ForkLock* newest_held = nullptr;

}  // namespace

/// The handlers that the C library calls around fork().
struct AtFork {
  template <typename Function>
  static void for_each_held(const ForkLock* end, Function&& function) {
    for (ForkLock* lock = newest_held; lock != end; lock = lock->older_) function(*lock);
  }

  /// Takes all locks but `had`, which the caller holds. If another thread holds one, takes none and returns that lock.
  static ForkLock* take_all_but(const ForkLock* had) {
    ForkLock* busy = newest_held;
    while (busy != nullptr && (busy == had || busy->try_lock())) busy = busy->older_;
    if (busy == nullptr) return nullptr;
    for_each_held(busy, [&](ForkLock& lock) {
      if (&lock != had) lock.unlock();
    });
    return busy;
  }

  // Waits for a lock only while it holds no other lock: a thread may hold two locks, taken in any order.
  static void before() {
    forks.lock();
    newest_held = newest.load(std::memory_order_acquire);
    for (ForkLock* first = newest_held; first != nullptr;) {
      first->lock();
      ForkLock* const busy = take_all_but(first);
      if (busy != nullptr) first->unlock();
      first = busy;
    }
  }

  static void release() {
    for_each_held(nullptr, [](ForkLock& lock) { lock.unlock(); });
    forks.unlock();
  }

  static void in_child() {
    generation.fetch_add(1, std::memory_order_relaxed);
    release();
  }
};

namespace {

constexpr int kAwaited = 1 << 30;

// Registered before main, ahead of any fork. The call fails only if there is no memory for three pointers.
[[maybe_unused]] const int registered = pthread_atfork(AtFork::before, AtFork::release, AtFork::in_child);

}  // namespace

std::uint64_t fork_generation() { return generation.load(std::memory_order_relaxed); }

ForkLock::ForkLock() {
  older_ = newest.load(std::memory_order_relaxed);
  while (!newest.compare_exchange_weak(older_, this, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

// An exclusive owner holds the mutex while it waits, so that a stream of new sharers cannot keep fork() waiting. It
// adds kAwaited to the sharers, so that the last of them wakes it. To wake nobody costs a call of the system all the
// same, which every matrix product would pay for.
void ForkLock::lock() {
  mutex_.lock();
  sharers_.fetch_add(kAwaited, std::memory_order_relaxed);
  for (int sharers = 0; (sharers = sharers_.load(std::memory_order_acquire)) != kAwaited;)
    sharers_.wait(sharers, std::memory_order_acquire);
  sharers_.fetch_sub(kAwaited, std::memory_order_relaxed);
}

bool ForkLock::try_lock() {
  if (!mutex_.try_lock()) return false;
  if (sharers_.load(std::memory_order_acquire) == 0) return true;
  mutex_.unlock();
  return false;
}

void ForkLock::unlock() { mutex_.unlock(); }

void ForkLock::lock_shared() {
  const std::lock_guard lock(mutex_);
  sharers_.fetch_add(1, std::memory_order_relaxed);
}

void ForkLock::unlock_shared() {
  if (sharers_.fetch_sub(1, std::memory_order_release) == kAwaited + 1) sharers_.notify_all();
}

}  // namespace rondo
