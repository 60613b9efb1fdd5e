/// Requests of many streams, of which a thread forms batches for a StatePool.
///
/// Batching is continuous: each call of the pool takes the next steps of every stream that has some waiting, so that a
/// stream that finishes leaves and a new one joins between two calls. Requests of one stream are answered in the order
/// in which they were submitted.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rondo/serving/state_pool.h"

namespace rondo {

/// Names a stream: by a number or by a text, which are never the same stream.
using StreamKey = std::variant<std::uint64_t, std::string>;

/// What a client sends: the next steps of a stream.
struct StreamRequest {
  StreamKey stream;
  /// (steps, I) on the CPU, of the pool's dtype, any number of steps but 0. It must not change until the answer comes.
  Tensor x = {};
  bool start = false;  ///< the stream begins anew, whether it exists or not
  /// The stream ends after these steps, and its slot is free. Then x may have no steps, or be undefined, as where a
  /// client has gone away.
  bool end = false;
  /// The answer has the stream's state after these steps, as StreamBatcher::export_state gives it, in the same call of
  /// the pool. A request with `end` is `invalid` then, because the stream has no state any more.
  bool wants_state = false;
};

/// What became of a request. After `failed` the state of the stream is lost: its slot is free, and it begins anew. An
/// export that failed alone leaves the stream as it was.
enum class StreamOutcome : std::uint8_t {
  done,
  invalid,     ///< the request itself: shape, dtype, NaN, START missing, a state that does not fit
  no_slot,     ///< every slot has a stream, and none may be evicted
  queue_full,  ///< more requests wait than StreamBatcherOptions::max_waiting
  cancelled,   ///< by `cancel`, or because the batcher was stopped
  failed       ///< the run itself, as when a device failed, or the state that a request of steps wants
};

/// The name of an outcome: "done", "invalid" and so on.
std::string_view to_string(StreamOutcome outcome);

/// The answer to a request.
struct StreamAnswer {
  StreamOutcome outcome = StreamOutcome::done;
  Tensor y = {};             ///< (steps, O); undefined unless steps are done
  std::string message = {};  ///< why not: the argument, what came, and what was expected
  /// Of StreamBatcher::export_state, and of a request that wants it; empty unless done.
  std::vector<std::byte> state = {};
};

/// Options of a StreamBatcher. All members have defaults.
struct StreamBatcherOptions {
  /// How long the first request of a batch waits at most for others. It waits no longer than until `max_rows` streams,
  /// or all open ones, have requests. 0: whatever waits goes at once.
  std::chrono::microseconds max_delay{0};
  std::int64_t max_waiting = 4096;  ///< requests that may wait at a time
  bool refuse_nan = true;           ///< requests with NaN or infinity in x are invalid
  bool require_start = true;        ///< a request of an unknown stream without `start` is invalid, not a start
  /// Streams without a request for that long lose their slots, whether or not others have requests. 0: none does.
  std::chrono::milliseconds idle{0};
};

/// Throws `ValueError` for a negative time, or a `max_waiting` below 1. A batcher takes its pool before it looks at the
/// options: who must not lose the pool checks them first.
void check_batcher_options(const StreamBatcherOptions& options);

/// Numbers of a batcher since its creation.
struct StreamMetrics {
  /// Bucket k of a histogram counts the values above 2^(k-1) and up to 2^k; bucket 0 those up to 1, and the last one
  /// all that are above the one before.
  static constexpr int kBuckets = 20;
  static constexpr int kOutcomes = 6;
  using Histogram = std::array<std::int64_t, kBuckets>;

  std::int64_t waiting = 0;                          ///< requests now that have steps which no call has taken
  std::int64_t open_streams = 0;                     ///< slots in use now
  std::int64_t requests = 0;                         ///< answered as done
  std::int64_t refused = 0;                          ///< answered otherwise
  std::array<std::int64_t, kOutcomes> answers = {};  ///< the same answers, by StreamOutcome
  std::int64_t evictions = 0;
  std::int64_t calls = 0;            ///< of the pool
  std::int64_t rows = 0;             ///< streams in calls, summed over the calls
  std::int64_t steps = 0;            ///< of all streams
  Histogram batch_rows = {};         ///< calls by the number of their streams
  Histogram call_microseconds = {};  ///< calls by the time of the pool
  double call_seconds = 0;           ///< the time of all calls
  Histogram wait_microseconds = {};  ///< requests by the time until a call took their first steps
  double wait_seconds = 0;           ///< that time of all requests
};

/// The metrics of one model.
struct ModelMetrics {
  std::string model = {};
  StreamMetrics metrics = {};
};

/// Metrics in the text format of Prometheus, version 0.0.4: each model is a value of the label `model`.
std::string prometheus(std::span<const ModelMetrics> models);

/// Serves requests of many threads with one pool and one thread of its own. All members may be called by any thread.
///
/// Each call of the pool takes up to `max_steps` steps of each of up to `max_rows` streams. A stream that has more
/// steps waiting goes behind all others. Streams get their slots when a call takes their first steps. With
/// EvictionPolicy::least_recently_used a stream without requests may lose its slot to a new one; a stream whose
/// requests wait never does. States go out and come in before the steps of a call, and take a stream's place in it; one
/// that a request of steps wants goes out behind them, and takes none. The pool's `on_eviction` is called on the
/// batcher's thread, and what it throws is dropped.
///
/// A child of fork() has no thread for the batcher: there every member but the destructor throws `RuntimeError`, and
/// the destructor leaves the memory as it is. Make a batcher after the fork.
///
/// @code
/// LoadedNetwork network = pytorch_network(load_safetensors("forecast.safetensors"), {.prefix = "lstm."});
/// StreamBatcher batcher(StatePool(network, {.slots = 1000, .max_rows = 64}));
/// Tensor x = Tensor::full({5, network.input_features()}, 0.1, DType::f32);  // five steps
/// std::future<StreamAnswer> answer = batcher.submit({.stream = std::uint64_t{7}, .x = x, .start = true});
/// Tensor y = answer.get().y;
/// @endcode
class StreamBatcher {
 public:
  using Done = std::function<void(StreamAnswer)>;

  /// Slots of the pool that are open stay as they are. Throws as check_batcher_options.
  explicit StreamBatcher(StatePool pool, const StreamBatcherOptions& options = {});
  /// Answers what waits with `cancelled`, after the call in flight. Not to be called by a `done`.
  ~StreamBatcher();
  StreamBatcher(StreamBatcher&&) noexcept;
  StreamBatcher& operator=(StreamBatcher&&) noexcept;

  /// Queues a request, and calls `done` exactly once: on the batcher's thread, or on the caller's before `submit`
  /// returns where the request is refused at once. `done` must not block, because no other request goes on meanwhile;
  /// it may call `submit`, `cancel` and the metrics. What it throws is dropped. Returns the request's number, for
  /// `cancel`.
  std::uint64_t submit(StreamRequest request, Done done);
  [[nodiscard]] std::future<StreamAnswer> submit(StreamRequest request);

  /// Queues a request for the state of a stream as StatePool::export_state gives it: after all steps that were
  /// submitted before, and before those that are submitted later. The stream goes on; a request with `end` ends it.
  /// `invalid` where the stream is unknown. `done` and the number are those of `submit`.
  std::uint64_t export_state(StreamKey stream, Done done);
  [[nodiscard]] std::future<StreamAnswer> export_state(StreamKey stream);
  /// Queues a request that begins a stream with a state that a pool or a batcher of the same model exported: it takes a
  /// slot, and requests that are submitted later go on from there, without `start`. `invalid` for bytes that
  /// StatePool::check_state refuses, which is told at once, and where the stream has a state: it has to end before.
  std::uint64_t import_state(StreamKey stream, std::vector<std::byte> state, Done done);
  [[nodiscard]] std::future<StreamAnswer> import_state(StreamKey stream, std::vector<std::byte> state);

  /// Answers a request that waits, and of which no call has taken a step, with `cancelled`. Returns whether there was
  /// one. The stream stays as it was, and later requests of it go on.
  bool cancel(std::uint64_t request);
  /// Waits until every request has its answer. Throws `RuntimeError` in a `done`, which would wait for itself.
  void drain();

  StreamMetrics metrics() const;
  /// The metrics in the text format of Prometheus, with the label model="`model`".
  std::string prometheus(std::string_view model) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
