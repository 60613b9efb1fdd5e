/// Requests of many streams, of which a thread forms batches for a StatePool.
///
/// Batching is continuous: each call of the pool takes the next steps of every stream that has some waiting, so that a
/// stream that finishes leaves and a new one joins between two calls. Requests of one stream are answered in the order
/// in which they were submitted.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "rondo/serving/state_pool.h"

namespace rondo {

/// Names a stream: by a number or by a text, which are never the same stream.
using StreamKey = std::variant<std::uint64_t, std::string>;

/// What a client sends: the next steps of a stream.
struct StreamRequest {
  StreamKey stream;
  Tensor x;  ///< (steps, I) on the CPU, of the pool's dtype, any number of steps but 0; it must not change until
             ///< the answer comes
  bool start = false;  ///< the stream begins anew, whether it exists or not
  bool end = false;    ///< the stream ends after these steps, and its slot is free
};

/// What became of a request.
enum class StreamOutcome : std::uint8_t {
  done,
  invalid,     ///< the request itself: shape, dtype, NaN, START missing
  no_slot,     ///< every slot has a stream, and none may be evicted
  queue_full,  ///< more requests wait than StreamBatcherOptions::max_waiting
  cancelled,   ///< by `cancel`, or because the batcher was stopped
  failed       ///< the run itself, as when a device failed
};

/// The answer to a request.
struct StreamAnswer {
  StreamOutcome outcome = StreamOutcome::done;
  Tensor y = {};             ///< (steps, O); undefined unless done
  std::string message = {};  ///< why not: the argument, what came, and what was expected
};

/// Options of a StreamBatcher. All members have defaults.
struct StreamBatcherOptions {
  /// How long the first request of a batch waits at most for others. 0: whatever waits goes at once.
  std::chrono::microseconds max_delay{0};
  std::int64_t max_waiting = 4096;  ///< requests that may wait at a time
  bool refuse_nan = true;           ///< requests with NaN or infinity in x are invalid
  bool require_start = true;        ///< a request of an unknown stream without `start` is invalid, not a start
  /// Streams without a request for that long lose their slots. 0: none does.
  std::chrono::milliseconds idle{0};
};

/// Numbers of a batcher since its creation.
struct StreamMetrics {
  static constexpr int kBuckets = 16;  ///< bucket k counts values up to 2^k

  std::int64_t waiting = 0;       ///< requests that wait now
  std::int64_t open_streams = 0;  ///< slots in use now
  std::int64_t requests = 0;      ///< answered as done
  std::int64_t refused = 0;       ///< answered otherwise
  std::int64_t evictions = 0;
  std::int64_t calls = 0;                                     ///< of the pool
  std::int64_t steps = 0;                                     ///< of all streams
  std::array<std::int64_t, kBuckets> batch_rows = {};         ///< calls by the number of their streams
  std::array<std::int64_t, kBuckets> call_microseconds = {};  ///< calls by the time of the pool
  double call_seconds = 0;                                    ///< the time of all calls
};

/// Serves requests of many threads with one pool and one thread of its own. All members may be called by any thread.
///
/// @code
/// LoadedNetwork network = pytorch_network(load_safetensors("stack.safetensors"), {.prefix = "module."});
/// StreamBatcher batcher(StatePool(network, {.slots = 1000, .max_rows = 64}));
/// Tensor x = Tensor::full({5, network.input_features()}, 0.1, DType::f32);  // five steps
/// std::future<StreamAnswer> answer = batcher.submit({.stream = std::uint64_t{7}, .x = x, .start = true});
/// Tensor y = answer.get().y;
/// @endcode
class StreamBatcher {
 public:
  using Done = std::function<void(StreamAnswer)>;

  explicit StreamBatcher(StatePool pool, const StreamBatcherOptions& options = {});
  /// Answers what waits with `cancelled`, after the call in flight.
  ~StreamBatcher();
  StreamBatcher(StreamBatcher&&) noexcept;
  StreamBatcher& operator=(StreamBatcher&&) noexcept;

  /// Queues a request, and calls `done` exactly once: on the batcher's thread, or on the caller's before `submit`
  /// returns where the request is refused at once. `done` must not throw or block. Returns the request's number, for
  /// `cancel`.
  std::uint64_t submit(StreamRequest request, Done done);
  [[nodiscard]] std::future<StreamAnswer> submit(StreamRequest request);

  /// Answers a request that waits, and whose steps have not begun, with `cancelled`. Returns whether there was one. The
  /// stream stays as it was, and later requests of it go on.
  bool cancel(std::uint64_t request);
  /// Waits until nothing waits.
  void drain();

  StreamMetrics metrics() const;
  /// The metrics in the text format of Prometheus, with the label model="`model`".
  std::string prometheus(std::string_view model) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
