/// Thread pools, which run the parts of a recurrence on the CPU.
///
/// A child of fork() computes on the CPU what its parent would, with the same bits. Sessions, layers and pools that
/// were made before the fork work in the child, even if another thread of the parent was running one of them. Memory
/// that such a thread was writing keeps the state that it had at the fork. fork() waits for calls of oneDNN and HDF5 in
/// flight in other threads. Rondo does not support a fork within a `Part` or within a parallel region of OpenMP, or
/// while another thread makes the program's first calls of Rondo; pools that the program implements, unless they
/// restart their threads themselves; children of `_Fork` or `clone`; and CUDA, whose runtime no child can use after its
/// parent has used it.
#pragma once

#include <memory>

namespace rondo {

/// Runs the parts of a piece of work at the same time. A program that has threads of its own derives a class from
/// ThreadPool and installs it with `set_default_thread_pool`; Rondo then starts no threads.
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
  /// A part is called with its index, 0 .. count - 1, and the number of parts. A part must not throw or fork.
  using Part = void (*)(void* work, int index, int count);

  virtual ~ThreadPool() = default;

  /// The largest number of parts that can run at once, one of them on the calling thread.
  virtual int size() const = 0;

  /// Chooses a count, 1 .. min(most, size()), calls `part(work, 0, count)` to `part(work, count - 1, count)`, each on a
  /// thread of its own, one of them the caller's, and returns when all have returned. All parts must run at the same
  /// time, because they wait for each other. A pool whose threads are busy chooses a lower count: results do not depend
  /// on the count. Several threads may call `run` at once; `run` must not allocate memory.
  virtual void run(int most, Part part, void* work) = 0;
};

/// A pool of `threads` threads, the caller's included. The other threads wait busily for 20 microseconds after a run
/// and then sleep until the next one. On Linux a thread that finds itself on the processor of another thread of its run
/// leaves it, within its affinity mask. While one run has the threads, every other run has its caller's thread alone,
/// so that no more threads work than the pool and the callers have. In a child of fork() the first run that needs
/// threads starts them again, and allocates memory to do so; if the system refuses, runs have their caller's thread
/// alone. Throws `ValueError` if `threads` is below 1.
std::shared_ptr<ThreadPool> make_thread_pool(int threads);

/// The pool in which sessions run that are made from now on. Unless a pool was set, the first call makes one with a
/// thread for each processor that the process may use (by its affinity mask, not by the machine's size).
std::shared_ptr<ThreadPool> default_thread_pool();

/// Makes `pool` the default of all threads; null restores the built-in pool. A session keeps the pool that it was made
/// with alive.
void set_default_thread_pool(std::shared_ptr<ThreadPool> pool);

}  // namespace rondo
