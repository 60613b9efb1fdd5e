/// Requests of many streams, of which a thread forms batches for a pool.
///
/// Requests of one stream are answered in the order in which they were submitted. All functions of this header may be
/// called by any thread. include/rondo/serving/stream_batcher.h has the same in C++, and tells more.
#pragma once

#include "rondo/c/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What became of a request.
enum {
  RONDO_ANSWER_DONE = 0,
  RONDO_ANSWER_INVALID = 1,     ///< the request itself: shape, dtype, NaN, start missing, a state that does not fit
  RONDO_ANSWER_NO_SLOT = 2,     ///< every slot has a stream, and none may be evicted
  RONDO_ANSWER_QUEUE_FULL = 3,  ///< more requests wait than max_waiting
  RONDO_ANSWER_CANCELLED = 4,   ///< by rondo_batcher_cancel or rondo_batcher_close
  RONDO_ANSWER_FAILED = 5       ///< the run itself, as when a device failed: the stream is lost, and begins anew
};

/// Options of a batcher. Members that are 0 have defaults.
typedef struct rondo_batcher_options {
  size_t struct_size;
  int64_t max_delay_microseconds;  ///< how long the first request of a batch waits at most for others
  int64_t max_waiting;             ///< requests that may wait at a time; 0: 4096
  int64_t idle_milliseconds;       ///< streams without a request for that long lose their slots; 0: none does
  int32_t accept_nan;              ///< other than 0: x may have NaN and infinity
  int32_t starts_unknown_streams;  ///< other than 0: a request of an unknown stream without `start` begins it
} rondo_batcher_options;

/// What a client sends: the next steps of a stream. A text and a number never name the same stream.
typedef struct rondo_stream_request {
  size_t struct_size;
  const char* stream_name;  ///< null: stream_number names the stream
  uint64_t stream_number;   ///< of a stream without a name
  const rondo_dl_tensor*
      x;              ///< (steps, I) on the CPU, borrowed: its memory until the answer; with `end` it may be null
  int32_t start;      ///< other than 0: the stream begins anew, whether it exists or not
  int32_t end;        ///< other than 0: the stream ends after these steps; without x, at once
  const void* state;  ///< of rondo_batcher_import_state alone: what an export wrote, which is copied
  size_t state_size;
  int64_t wants_state;  ///< other than 0: the answer has the stream's state after the steps; not with `end`
} rondo_stream_request;

/// The answer to a request.
typedef struct rondo_stream_answer {
  size_t struct_size;
  int64_t outcome;      ///< RONDO_ANSWER_DONE ...
  rondo_dl_managed* y;  ///< (steps, O), which the callback takes: rondo_dl_free frees it; null unless steps are done
  const char* message;  ///< why not; the library's, for the callback alone
  const void* state;    ///< of an export, or after steps; the library's, for the callback alone; null unless done
  size_t state_size;
} rondo_stream_answer;

/// Called exactly once for each request that rondo_batcher_submit took: on the batcher's thread, or before
/// rondo_batcher_submit returns where the request is refused at once. Must not block. May submit and cancel requests,
/// and must not close the batcher or wait for it.
typedef void (*rondo_answer_callback)(void* user_data, const rondo_stream_answer* answer);

/// Sizes of the lists in rondo_batcher_metrics, which no version changes. Bucket k of a histogram counts values above
/// 2^(k-1) and up to 2^k, the last one all that are above the one before.
enum { RONDO_METRIC_BUCKETS = 20, RONDO_ANSWER_KINDS = 6 };

/// Numbers of a batcher since its creation.
typedef struct rondo_batcher_metrics {
  size_t struct_size;
  int64_t waiting;                      ///< requests now that have steps which no call has taken
  int64_t open_streams;                 ///< slots in use now
  int64_t requests;                     ///< answered as done
  int64_t refused;                      ///< answered otherwise
  int64_t answers[RONDO_ANSWER_KINDS];  ///< the same answers, by RONDO_ANSWER_DONE and so on
  int64_t evictions;
  int64_t calls;                                    ///< of the pool
  int64_t rows;                                     ///< streams in calls, summed over the calls
  int64_t steps;                                    ///< of all streams
  double call_seconds;                              ///< the time of all calls
  double wait_seconds;                              ///< the time of all requests until a call took their first steps
  int64_t batch_rows[RONDO_METRIC_BUCKETS];         ///< calls by the number of their streams
  int64_t call_microseconds[RONDO_METRIC_BUCKETS];  ///< calls by the time of the pool
  int64_t wait_microseconds[RONDO_METRIC_BUCKETS];  ///< requests by that time
} rondo_batcher_metrics;

/// A batcher with its thread.
typedef struct rondo_batcher rondo_batcher;

/// Makes a batcher, which takes the pool: the handle of the pool is closed. Where an argument is wrong, the pool stays
/// the caller's. `options` may be null.
rondo_status rondo_batcher_create(rondo_pool* pool, const rondo_batcher_options* options, rondo_batcher** batcher);
/// Queues a request. Whatever becomes of it, RONDO_OK says that `done` gets an answer; where this call fails, `done` is
/// not called. `number` may be null; it gets the request's number, for rondo_batcher_cancel.
rondo_status rondo_batcher_submit(rondo_batcher* batcher, const rondo_stream_request* request,
                                  rondo_answer_callback done, void* user_data, uint64_t* number);
/// Queues a request for the state of the stream that `request` names, after all its steps that were submitted before;
/// the answer has the state. The stream goes on. `request` has no x, start, end, state or wants_state.
rondo_status rondo_batcher_export_state(rondo_batcher* batcher, const rondo_stream_request* request,
                                        rondo_answer_callback done, void* user_data, uint64_t* number);
/// Queues a request that begins the stream that `request` names with the state in `request`, which a pool or a batcher
/// of the same model exported. Its answer is RONDO_ANSWER_INVALID where the bytes do not fit, or the stream has a
/// state. `request` has no x, start, end or wants_state.
rondo_status rondo_batcher_import_state(rondo_batcher* batcher, const rondo_stream_request* request,
                                        rondo_answer_callback done, void* user_data, uint64_t* number);
/// Answers a request that waits, and whose steps have not begun, with RONDO_ANSWER_CANCELLED. Writes whether there was
/// one.
rondo_status rondo_batcher_cancel(rondo_batcher* batcher, uint64_t number, int32_t* cancelled);
/// Waits until nothing waits.
rondo_status rondo_batcher_drain(rondo_batcher* batcher);

/// Writes the numbers of the batcher.
rondo_status rondo_batcher_measure(rondo_batcher* batcher, rondo_batcher_metrics* metrics);
/// The numbers in Prometheus's text format, with the label model="`model`". `*text` is the caller's.
rondo_status rondo_batcher_prometheus(rondo_batcher* batcher, const char* model, char** text);
/// Answers what waits with RONDO_ANSWER_CANCELLED, after the call in flight, and frees the batcher and its pool. Waits
/// for calls of other threads that are in the batcher.
rondo_status rondo_batcher_close(rondo_batcher* batcher);

#ifdef __cplusplus
}
#endif
