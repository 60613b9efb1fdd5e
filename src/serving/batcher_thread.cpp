#include "serving/batcher_thread.h"

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "rondo/vocabulary/error.h"
#include "serving/request_check.h"
#include "vocabulary/fork.h"

namespace rondo {
namespace {

using Lock = std::unique_lock<std::mutex>;

const StreamBatcherOptions& checked(const StreamBatcherOptions& options) {
  check_batcher_options(options);
  return options;
}

}  // namespace

void check_batcher_options(const StreamBatcherOptions& options) {
  if (options.max_delay.count() < 0)
    throw ValueError("max_delay", std::to_string(options.max_delay.count()) + " us", "0 or above");
  if (options.idle.count() < 0) throw ValueError("idle", std::to_string(options.idle.count()) + " ms", "0 or above");
  if (options.max_waiting < 1) throw ValueError("max_waiting", std::to_string(options.max_waiting), "1 or above");
}

BatcherThread::BatcherThread(std::unique_ptr<SlotPool> pool, const StreamBatcherOptions& options)
    : pool_(std::move(pool)),
      options_(checked(options)),
      sizes_(pool_->sizes()),
      generation_(fork_generation()),
      queue_(sizes_, options_),
      runner_(*pool_),
      thread_([this] { serve(); }) {}

BatcherThread::~BatcherThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool BatcherThread::is_here() const { return generation_ == fork_generation(); }

void BatcherThread::check_process() const {
  if (is_here()) return;
  throw RuntimeError("StreamBatcher", "a call in a child of fork()", "one in the process that made it");
}

std::uint64_t BatcherThread::submit(StreamRequest request, Done done) {
  check_process();
  const StreamKey key = std::move(request.stream);
  return queue(key, prepared(std::move(request), std::move(done)));
}

std::uint64_t BatcherThread::export_state(const StreamKey& stream, Done done) {
  check_process();
  return queue(stream, new_request(StreamAction::export_state, std::move(done)));
}

std::uint64_t BatcherThread::import_state(const StreamKey& stream, std::vector<std::byte> state, Done done) {
  check_process();
  std::unique_ptr<WaitingRequest> queued = new_request(StreamAction::import_state, std::move(done));
  try {
    pool_->check_state(state);
    queued->state = std::move(state);
  } catch (const std::exception& error) {
    queued->refuse(StreamOutcome::invalid, error.what());
  }
  return queue(stream, std::move(queued));
}

// Queues a request, or answers it where it is refused. Returns its number.
std::uint64_t BatcherThread::queue(const StreamKey& key, std::unique_ptr<WaitingRequest> queued) {
  std::uint64_t number = 0;
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    number = queued->number = next_number_++;
    wakes = queued->answer.outcome == StreamOutcome::done && enqueue(key, queued);
    if (queued) counters_.count_answer(queued->answer.outcome);
  }
  if (wakes) wake_.notify_one();
  if (queued) give_answer(*queued);
  return number;
}

// The request with the memory of its answer. A refused one has its answer already.
std::unique_ptr<WaitingRequest> BatcherThread::prepared(StreamRequest&& request, Done&& done) const {
  std::unique_ptr<WaitingRequest> queued = new_request(StreamAction::step, std::move(done));
  queued->start = request.start;
  queued->end = request.end;
  queued->wants_state = request.wants_state;
  try {
    if (request.end && request.wants_state) {
      throw ValueError("wants_state", "true with end", "one of the two, as a stream that ends has no state");
    }
    queued->x = checked_steps(request, sizes_, options_.refuse_nan);
    queued->answer.y = Tensor::empty({queued->steps(), sizes_.output_features}, sizes_.dtype);
  } catch (const OutOfMemory& error) {
    queued->refuse(StreamOutcome::failed, error.what());
  } catch (const std::exception& error) {
    queued->refuse(StreamOutcome::invalid, error.what());
  }
  return queued;
}

// Takes the request, or refuses it and leaves it to the caller. Returns whether the thread has to be woken.
bool BatcherThread::enqueue(const StreamKey& key, std::unique_ptr<WaitingRequest>& request) {
  if (stopping_) {
    request->refuse(StreamOutcome::cancelled, "the batcher was stopped");
    return false;
  }
  if (queue_.waiting() >= options_.max_waiting) {
    request->refuse(StreamOutcome::queue_full, "max_waiting: got a further request, expected " +
                                                   std::to_string(options_.max_waiting) + " at most that wait");
    return false;
  }
  queue_.push(key, std::move(request));
  ++unanswered_;
  if (queue_.due() >= sleeps_until_) return false;
  sleeps_until_ = StreamQueue::Time::min();  // it is woken once
  return true;
}

bool BatcherThread::cancel(std::uint64_t number) {
  check_process();
  Lock lock(mutex_);
  Requests requests;
  if (auto request = queue_.cancel(ServingClock::now(), number)) requests.push_back(std::move(request));
  if (requests.empty()) return false;
  requests.front()->refuse(StreamOutcome::cancelled, "the request was cancelled");
  counters_.count_answer(StreamOutcome::cancelled);
  answer_all(requests, lock);
  return true;
}

void BatcherThread::drain() {
  check_process();
  if (std::this_thread::get_id() == thread_.get_id())
    throw RuntimeError("StreamBatcher::drain", "a call of it in `done`", "one outside");
  Lock lock(mutex_);
  answered_.wait(lock, [this] { return unanswered_ == 0; });
}

StreamMetrics BatcherThread::metrics() const {
  check_process();
  const std::lock_guard lock(mutex_);
  StreamMetrics metrics = counters_.metrics();
  metrics.waiting = queue_.waiting();
  metrics.open_streams = queue_.open_streams();
  return metrics;
}

void BatcherThread::serve() {
  Lock lock(mutex_);
  while (wait_for_work(lock)) {
    const ServingClock::time_point begin = ServingClock::now();
    queue_.take(begin, batch_);
    counters_.count_taken(batch_, begin);
    lock.unlock();
    const ServingClock::duration time = runner_.run(batch_);
    lock.lock();
    counters_.count_call(batch_, time);
    queue_.finish(ServingClock::now(), batch_);
    for (const auto& request : batch_.answered) counters_.count_answer(request->answer.outcome);
    answer_all(batch_.answered, lock);
  }
  Requests left = queue_.clear();
  for (const auto& request : left) {
    request->refuse(StreamOutcome::cancelled, "the batcher was stopped");
    counters_.count_answer(StreamOutcome::cancelled);
  }
  answer_all(left, lock);
}

// Returns when something is due, or false when the batcher stops.
bool BatcherThread::wait_for_work(Lock& lock) {
  while (!stopping_) {
    const StreamQueue::Time due = queue_.due();
    if (due <= ServingClock::now()) return true;
    sleeps_until_ = due;
    if (due == StreamQueue::Time::max()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, due);
    }
    sleeps_until_ = StreamQueue::Time::min();
  }
  return false;
}

// Answers requests without the lock, which clients may need in `done`.
void BatcherThread::answer_all(Requests& requests, Lock& lock) {
  lock.unlock();
  for (const auto& request : requests) give_answer(*request);
  const auto count = static_cast<std::int64_t>(requests.size());
  requests.clear();  // and with them the clients' memory
  lock.lock();
  unanswered_ -= count;
  if (unanswered_ == 0) answered_.notify_all();
}

}  // namespace rondo
