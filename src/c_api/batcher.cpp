#include "rondo/c/batcher.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "c_api/borrowed.h"
#include "c_api/last_error.h"
#include "c_api/pool_object.h"
#include "c_api/sized_struct.h"
#include "rondo/serving/stream_batcher.h"
#include "rondo/tensor/dlpack.h"

namespace rondo::c_api {

template <>
struct HandleTraits<rondo_batcher> {
  using Object = StreamBatcher;
  static constexpr HandleKind kKind = HandleKind::batcher;
};

namespace {

// How many callbacks of batchers this thread is in.
thread_local int callbacks_here = 0;

void refuse_in_callback(const char* function) {
  if (callbacks_here > 0) {
    throw RuntimeError(function, "a call within an answer's callback",
                       "one outside of it, for it would wait for itself");
  }
}

int64_t outcome_of(StreamOutcome outcome) {
  switch (outcome) {
    case StreamOutcome::done: return RONDO_ANSWER_DONE;
    case StreamOutcome::invalid: return RONDO_ANSWER_INVALID;
    case StreamOutcome::no_slot: return RONDO_ANSWER_NO_SLOT;
    case StreamOutcome::queue_full: return RONDO_ANSWER_QUEUE_FULL;
    case StreamOutcome::cancelled: return RONDO_ANSWER_CANCELLED;
    case StreamOutcome::failed: return RONDO_ANSWER_FAILED;
  }
  return RONDO_ANSWER_FAILED;
}

void answer(rondo_answer_callback done, void* user_data, const StreamAnswer& given) noexcept {
  rondo_stream_answer told = {.struct_size = sizeof told,
                              .outcome = outcome_of(given.outcome),
                              .y = nullptr,
                              .message = given.message.c_str(),
                              .state = given.state.empty() ? nullptr : given.state.data(),
                              .state_size = given.state.size()};
  try {
    if (given.y.defined()) told.y = to_dlpack(given.y);
  } catch (...) {
    told.outcome = RONDO_ANSWER_FAILED;
    told.message = "y: got no memory for it, expected enough";
  }
  ++callbacks_here;
  done(user_data, &told);
  --callbacks_here;
}

// Copies a list of the same length: the interface of C has lengths of its own, which do not compile with others.
template <std::size_t kCount>
void copy_numbers(const std::array<std::int64_t, kCount>& from, int64_t (&to)[kCount]) {
  std::copy(from.begin(), from.end(), to);
}

StreamBatcherOptions batcher_options_of(const rondo_batcher_options& given) {
  // A year stands for all longer times, which may not fit the clock.
  constexpr std::chrono::hours kYear{24 * 365};
  constexpr int64_t kYearMicroseconds = std::chrono::microseconds(kYear).count();
  constexpr int64_t kYearMilliseconds = std::chrono::milliseconds(kYear).count();
  const int64_t delay = std::min(given.max_delay_microseconds, kYearMicroseconds);
  StreamBatcherOptions options{.max_delay = std::chrono::microseconds(delay),
                               .refuse_nan = given.accept_nan == 0,
                               .require_start = given.starts_unknown_streams == 0,
                               .idle = std::chrono::milliseconds(std::min(given.idle_milliseconds, kYearMilliseconds))};
  if (given.max_waiting != 0) options.max_waiting = given.max_waiting;
  return options;
}

StreamKey key_of(const rondo_stream_request& given) {
  if (given.stream_name != nullptr) return std::string(given.stream_name);
  return given.stream_number;
}

void refuse_state(const rondo_stream_request& given) {
  if (given.state != nullptr || given.state_size != 0) throw ValueError("state", "bytes", "none, as it is no import");
}

void refuse_steps(const rondo_stream_request& given) {
  if (given.x != nullptr) throw ValueError("x", "a tensor", "null, as the request is for a state");
  if (given.start != 0) throw ValueError("start", std::to_string(given.start), "0, as the request is for a state");
  if (given.end != 0) throw ValueError("end", std::to_string(given.end), "0, as the request is for a state");
  if (given.wants_state != 0) {
    throw ValueError("wants_state", std::to_string(given.wants_state), "0, as the request has no steps");
  }
}

StreamRequest request_of(const rondo_stream_request& given) {
  refuse_state(given);
  StreamRequest request{
      .stream = key_of(given), .start = given.start != 0, .end = given.end != 0, .wants_state = given.wants_state != 0};
  if (given.x != nullptr || !request.end) request.x = borrowed(given.x, "x");
  return request;
}

std::vector<std::byte> state_of(const rondo_stream_request& given) {
  refuse_steps(given);
  if (given.state == nullptr) throw ValueError("state", "null", "the bytes of a state");
  const auto* bytes = static_cast<const std::byte*>(given.state);
  return {bytes, bytes + given.state_size};
}

/// Checks what a caller submits, and has `queue(batcher, request, done)` return its number.
template <typename Queue>
rondo_status submit(rondo_batcher* batcher, const rondo_stream_request* request, rondo_answer_callback done,
                    void* user_data, uint64_t* number, const Queue& queue) {
  return guarded([&] {
    if (number != nullptr) *number = 0;
    const auto object = object_of(batcher, "batcher");
    if (done == nullptr) throw ValueError("done", "null", "a function");
    const uint64_t queued = queue(*object, read_sized(request, "request"),
                                  [=](const StreamAnswer& given) { answer(done, user_data, given); });
    if (number != nullptr) *number = queued;
  });
}

}  // namespace
}  // namespace rondo::c_api

using namespace rondo;
using namespace rondo::c_api;

rondo_status rondo_batcher_create(rondo_pool* pool, const rondo_batcher_options* options, rondo_batcher** batcher) {
  return guarded([&] {
    rondo_batcher*& result = cleared(batcher, "batcher");
    const StreamBatcherOptions batcher_options = batcher_options_of(read_optional(options, "options"));
    check_batcher_options(batcher_options);
    StatePool taken = object_of(pool, "pool")->take();
    close_handle(pool, "pool");
    result = handle_of<rondo_batcher>(std::make_shared<StreamBatcher>(std::move(taken), batcher_options));
  });
}

rondo_status rondo_batcher_submit(rondo_batcher* batcher, const rondo_stream_request* request,
                                  rondo_answer_callback done, void* user_data, uint64_t* number) {
  return submit(batcher, request, done, user_data, number,
                [](StreamBatcher& object, const rondo_stream_request& given, StreamBatcher::Done told) {
                  return object.submit(request_of(given), std::move(told));
                });
}

rondo_status rondo_batcher_export_state(rondo_batcher* batcher, const rondo_stream_request* request,
                                        rondo_answer_callback done, void* user_data, uint64_t* number) {
  return submit(batcher, request, done, user_data, number,
                [](StreamBatcher& object, const rondo_stream_request& given, StreamBatcher::Done told) {
                  refuse_state(given);
                  refuse_steps(given);
                  return object.export_state(key_of(given), std::move(told));
                });
}

rondo_status rondo_batcher_import_state(rondo_batcher* batcher, const rondo_stream_request* request,
                                        rondo_answer_callback done, void* user_data, uint64_t* number) {
  return submit(batcher, request, done, user_data, number,
                [](StreamBatcher& object, const rondo_stream_request& given, StreamBatcher::Done told) {
                  return object.import_state(key_of(given), state_of(given), std::move(told));
                });
}

rondo_status rondo_batcher_cancel(rondo_batcher* batcher, uint64_t number, int32_t* cancelled) {
  return guarded([&] {
    int32_t& result = cleared(cancelled, "cancelled");
    result = object_of(batcher, "batcher")->cancel(number) ? 1 : 0;
  });
}

rondo_status rondo_batcher_drain(rondo_batcher* batcher) {
  return guarded([&] {
    refuse_in_callback("rondo_batcher_drain");
    object_of(batcher, "batcher")->drain();
  });
}

rondo_status rondo_batcher_measure(rondo_batcher* batcher, rondo_batcher_metrics* metrics) {
  return guarded([&] {
    const StreamMetrics found = object_of(batcher, "batcher")->metrics();
    rondo_batcher_metrics told = {.struct_size = 0,
                                  .waiting = found.waiting,
                                  .open_streams = found.open_streams,
                                  .requests = found.requests,
                                  .refused = found.refused,
                                  .answers = {},
                                  .evictions = found.evictions,
                                  .calls = found.calls,
                                  .rows = found.rows,
                                  .steps = found.steps,
                                  .call_seconds = found.call_seconds,
                                  .wait_seconds = found.wait_seconds,
                                  .batch_rows = {},
                                  .call_microseconds = {},
                                  .wait_microseconds = {}};
    copy_numbers(found.answers, told.answers);
    copy_numbers(found.batch_rows, told.batch_rows);
    copy_numbers(found.call_microseconds, told.call_microseconds);
    copy_numbers(found.wait_microseconds, told.wait_microseconds);
    write_sized(metrics, "metrics", told);
  });
}

rondo_status rondo_batcher_prometheus(rondo_batcher* batcher, const char* model, char** text) {
  return guarded([&] {
    char*& result = cleared(text, "text");
    result = given_text(object_of(batcher, "batcher")->prometheus(required_text(model, "model")));
  });
}

rondo_status rondo_batcher_close(rondo_batcher* batcher) {
  return guarded([&] {
    if (batcher == nullptr) return;
    refuse_in_callback("rondo_batcher_close");
    const std::shared_ptr<void> object = take_handle(HandleKind::batcher, batcher, "batcher");
    // The last owner joins the batcher's thread, so that it must not be a callback on that thread.
    while (object.use_count() > 1) std::this_thread::sleep_for(std::chrono::microseconds(50));
  });
}
