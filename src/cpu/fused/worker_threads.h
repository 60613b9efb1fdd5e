/// The threads of the fused executor's runs.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "cpu/fused/partition.h"
#include "cpu/threads/flush_denormals.h"
#include "cpu/threads/spin.h"
#include "rondo/tensor/thread_pool.h"
#include "vocabulary/fork.h"

namespace rondo::fused {

/// One thread's part of a run.
struct ThreadPart {
  Partition partition;
  int index;
  SpinBarrier& group_barrier;  ///< shared by the parts of one group of rows
  SpinBarrier& barrier;        ///< shared by all parts
};

/// What a runner keeps for its threads. One run at a time uses it.
class WorkerThreads {
 public:
  /// For at most `processors` threads of the pool that is the default one now.
  WorkerThreads(const RecurrenceSpec& spec, int processors)
      : spec_(spec),
        pool_(default_thread_pool()),
        processors_(std::max(processors, 1)),
        threads_(partition(spec_, processors_).threads()),
        barriers_(static_cast<std::size_t>(spec.state_rows > 0 ? processors_ : threads_) + 1) {}

  /// For a run of other sizes than the spec's; only where the spec has state_rows, as fewer rows may want more threads.
  void take_sizes(const RecurrenceSpec& spec) {
    spec_.T = spec.T;
    spec_.B = spec.B;
    threads_ = partition(spec_, processors_).threads();
  }

  /// Calls `work(part)` for all parts of a run at once.
  template <typename Work>
  void run(const Work& work) {
    Call<Work> call{*this, work};
    if (threads_ == 1) return run_part<Work>(&call, 0, 1);
    free_barriers();
    pool_->run(threads_, run_part<Work>, &call);
  }

 private:
  template <typename Work>
  struct Call {
    WorkerThreads& threads;
    const Work& work;
  };

  // The parent process may have been in a run at fork(): its barriers then count threads that the child does not have.
  void free_barriers() {
    if (generation_ == fork_generation()) return;
    for (SpinBarrier& barrier : barriers_) std::construct_at(&barrier);
    generation_ = fork_generation();
  }

  template <typename Work>
  static void run_part(void* argument, int index, int count) {
    const auto& call = *static_cast<Call<Work>*>(argument);
    WorkerThreads& threads = call.threads;
    const Partition shares = partition(threads.spec_, count);
    if (index >= shares.threads()) return;  // the work is not worth all threads
    const FlushDenormals flush_denormals;
    SpinBarrier& group_barrier = threads.barriers_[static_cast<std::size_t>(index / shares.unit_groups)];
    call.work(ThreadPart{shares, index, group_barrier, threads.barriers_.back()});
  }

  RecurrenceSpec spec_;
  const std::shared_ptr<ThreadPool> pool_;
  const int processors_;
  int threads_;
  std::vector<SpinBarrier> barriers_;             ///< of the groups of rows, and of all parts
  std::uint64_t generation_ = fork_generation();  ///< the process that last used the barriers
};

}  // namespace rondo::fused
