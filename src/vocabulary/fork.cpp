#include "vocabulary/fork.h"

#include <mutex>

namespace rondo {
namespace {

constinit std::atomic<std::uint64_t> generation = 1;
constinit std::atomic<ForkLock*> newest = nullptr;

// Forks take turns, because each has all locks.
constinit std::mutex forks;
constinit ForkLock* newest_held = nullptr;

}  // namespace

/// What the C library calls around fork().
struct AtFork {
  template <typename Function>
  static void for_each_held(const ForkLock* end, Function&& function) {
    for (ForkLock* lock = newest_held; lock != end; lock = lock->older_) function(*lock);
  }

  /// Takes all locks but `had`, or none and returns one that another thread has.
  static ForkLock* take_all_but(const ForkLock* had) {
    ForkLock* busy = newest_held;
    while (busy != nullptr && (busy == had || busy->try_lock())) busy = busy->older_;
    if (busy == nullptr) return nullptr;
    for_each_held(busy, [&](ForkLock& lock) {
      if (&lock != had) lock.unlock();
    });
    return busy;
  }

  // While it waits for one lock it has no other: a thread may take two of them, in an order that is not known here.
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

  static void in_parent() {
    for_each_held(nullptr, [](ForkLock& lock) { lock.unlock(); });
    forks.unlock();
  }

  // A lock notes which thread has it, and in the child that is another one: it is made anew instead of released.
  static void in_child() {
    generation.fetch_add(1, std::memory_order_relaxed);
    for_each_held(nullptr, [](ForkLock& lock) { lock.make_free(); });
    forks.unlock();
  }
};

namespace {

// Before main, so that no fork comes between. It fails only where there is no memory for three pointers.
[[maybe_unused]] const int registered = pthread_atfork(AtFork::before, AtFork::in_parent, AtFork::in_child);

}  // namespace

std::uint64_t fork_generation() { return generation.load(std::memory_order_relaxed); }

ForkLock::ForkLock() {
  make_free();
  older_ = newest.load(std::memory_order_relaxed);
  while (!newest.compare_exchange_weak(older_, this, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

// Who waits for it alone goes before those who share it: else threads that share it in turns would keep fork() waiting.
void ForkLock::make_free() {
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(&lock_, &attributes);
  pthread_rwlockattr_destroy(&attributes);
}

void ForkLock::lock() { pthread_rwlock_wrlock(&lock_); }
bool ForkLock::try_lock() { return pthread_rwlock_trywrlock(&lock_) == 0; }
void ForkLock::unlock() { pthread_rwlock_unlock(&lock_); }
void ForkLock::lock_shared() { pthread_rwlock_rdlock(&lock_); }
void ForkLock::unlock_shared() { pthread_rwlock_unlock(&lock_); }

}  // namespace rondo
