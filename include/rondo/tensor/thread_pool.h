/// The threads that a recurrence on the CPU is shared out to. Floor 1.
///
/// A child of fork() computes on the CPU what its parent would, with the same bits: sessions, layers and pools that
/// were made before the fork go on in it, also where another thread of the parent's was inside of one. Only what that
/// thread was writing to stays as it was. fork() waits for calls of oneDNN and HDF5 that are under way in other
/// threads. What Rondo cannot see to: a child of a thread that forks within a `Part` or within a parallel region of
/// OpenMP, or while another thread makes the program's first calls of Rondo; a pool of the program's own, which brings
/// its threads back itself; children of `_Fork` or `clone`; and CUDA, whose runtime no child can use after its parent
/// has used it.
#pragma once

#include <memory>

namespace rondo {

/// Runs parts of one piece of work at the same time. A program that has threads of its own derives from this and lends
/// them with `set_default_thread_pool`; then Rondo starts none.
///
/// @code
/// // Runs everything on the caller's thread, for a program whose own threads share out the requests.
/// class CallersThread : public ThreadPool {
///  public:
///   int size() const override { return 1; }
///   void run(int, Part part, void* work) override { part(work, 0, 1); }
/// };
/// set_default_thread_pool(std::make_shared<CallersThread>());
/// set_default_thread_pool(nullptr);  // the built-in pool again
/// @endcode
class ThreadPool {
 public:
  /// One part: called with its index, 0 .. count - 1, and how many parts there are. Does not throw or fork.
  using Part = void (*)(void* work, int index, int count);

  virtual ~ThreadPool() = default;

  /// The most parts that can run at once, one of them on the calling thread.
  virtual int size() const = 0;

  /// Chooses a count, 1 .. min(most, size()), calls `part(work, 0, count)` to `part(work, count - 1, count)`, each on a
  /// thread of its own, one of them the caller's, and returns when all have returned. All parts must be under way at
  /// the same time, because they wait for each other. A pool whose threads are busy chooses a lower count: results are
  /// the same for every count. Called by several threads at once; allocates nothing.
  virtual void run(int most, Part part, void* work) = 0;
};

/// A pool of `threads` threads, the caller's among them. The others sleep between runs. While one run has them, another
/// one gets the thread alone that called it: there is never more than one thread at work for each one here and each
/// caller. In a child of fork() the first run that wants threads starts them again, and allocates to do so; where the
/// system gives none, runs have their caller's thread alone. Throws `ValueError` below 1.
std::shared_ptr<ThreadPool> make_thread_pool(int threads);

/// The pool that sessions made from now on run in; unless it was set, one as large as the process may use processors
/// (its affinity mask, not the machine's size), made when it is first asked for.
std::shared_ptr<ThreadPool> default_thread_pool();

/// Makes `pool` the default of all threads; null brings back the built-in one. Sessions keep the pool they were made
/// with alive.
void set_default_thread_pool(std::shared_ptr<ThreadPool> pool);

}  // namespace rondo
