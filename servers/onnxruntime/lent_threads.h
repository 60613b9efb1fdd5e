/// The runtime's own threads as a thread pool, lent for the length of a call.
#pragma once

#include <atomic>
#include <cstdint>

#include "call.h"
#include "rondo/tensor/thread_pool.h"

namespace rondo::ort {

/// Runs parts on the threads that the session's options have given the runtime (intra_op_num_threads).
///
/// The runtime promises that all parts run, not that they run at once, as Rondo needs them to. So each thread first
/// announces itself. Those that have come when all are there, or when kPatience is over, share the work; what comes
/// later does nothing. A runtime with one thread is seldom asked.
class LentThreads final : public ThreadPool {
 public:
  /// While it lives, runs of this thread take the threads of `call`.
  class Use {
   public:
    explicit Use(const Call& call);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    const Call* outer_;
  };

  int size() const override;
  void run(int most, Part part, void* work) override;

 private:
  bool is_worth_asking();

  std::atomic<std::uint32_t> alone_ = 0;  ///< runs since another thread has come
};

}  // namespace rondo::ort
