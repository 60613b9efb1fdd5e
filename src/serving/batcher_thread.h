/// The thread behind a StreamBatcher, over any pool.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "rondo/serving/stream_batcher.h"
#include "serving/batch_runner.h"
#include "serving/stream_counters.h"
#include "serving/stream_queue.h"

namespace rondo {

/// Its members are as those of StreamBatcher.
class BatcherThread {
 public:
  using Done = StreamBatcher::Done;

  BatcherThread(std::unique_ptr<SlotPool> pool, const StreamBatcherOptions& options);
  /// Not to be called in a child of fork(), which has not got the thread.
  ~BatcherThread();
  BatcherThread(const BatcherThread&) = delete;
  BatcherThread& operator=(const BatcherThread&) = delete;

  std::uint64_t submit(StreamRequest request, Done done);
  std::uint64_t export_state(const StreamKey& stream, Done done);
  std::uint64_t import_state(const StreamKey& stream, std::vector<std::byte> state, Done done);
  bool cancel(std::uint64_t number);
  void drain();
  StreamMetrics metrics() const;

  /// Whether this process has the thread: it is no child of the one that made it.
  bool is_here() const;

 private:
  using Requests = std::vector<std::unique_ptr<WaitingRequest>>;

  void check_process() const;
  std::unique_ptr<WaitingRequest> prepared(StreamRequest&& request, Done&& done) const;
  std::uint64_t queue(const StreamKey& key, std::unique_ptr<WaitingRequest> request);
  bool enqueue(const StreamKey& key, std::unique_ptr<WaitingRequest>& request);
  void serve();
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  void answer_all(Requests& requests, std::unique_lock<std::mutex>& lock);

  const std::unique_ptr<SlotPool> pool_;
  const StreamBatcherOptions options_;
  const SlotPoolSizes sizes_;
  const std::uint64_t generation_;

  mutable std::mutex mutex_;  ///< of all below, but for the runner and the batch, which belong to the thread
  std::condition_variable wake_;
  std::condition_variable answered_;
  StreamQueue queue_;
  StreamCounters counters_;
  std::uint64_t next_number_ = 1;
  std::int64_t unanswered_ = 0;  ///< requests that were queued, whose `done` has not returned
  StreamQueue::Time sleeps_until_ = StreamQueue::Time::min();  ///< what is due earlier has to wake the thread
  bool stopping_ = false;

  BatchRunner runner_;
  StreamBatch batch_;
  std::thread thread_;  // the last member: it begins when all others are there
};

}  // namespace rondo
