/// States of thousands of streams through one network, of which each call steps those that have input.
///
/// Whatever slot a stream has, whichever streams share its calls, and however its input is cut into chunks: its outputs
/// have the same bits. include/rondo/serving/state_pool.h has the same in C++, and tells more.
#pragma once

#include "rondo/c/network.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Why a stream lost its slot without rondo_pool_close_slot.
enum { RONDO_EVICTED_FOR_ANOTHER = 0, RONDO_EVICTED_IDLE = 1 };

/// Called before a stream's state is lost, within the call that evicts it. May call rondo_pool_export_state of the
/// slot, and nothing else of the pool.
typedef void (*rondo_eviction_callback)(void* user_data, int64_t slot, int32_t reason);

/// Options of a pool. Members that are 0 or null have defaults, except slots and max_rows.
typedef struct rondo_pool_options {
  size_t struct_size;
  int64_t slots;                        ///< the most streams at a time
  int64_t max_rows;                     ///< the most chunks a call
  int64_t max_steps;                    ///< the most steps of a chunk; 0: 1
  const rondo_plan_options* plan;       ///< executor, threads and so on, of all calls
  int64_t evict_least_recently_used;    ///< other than 0: rondo_pool_open_slot evicts where no slot is free
  rondo_eviction_callback on_eviction;  ///< null: nobody is told
  void* user_data;                      ///< for on_eviction
} rondo_pool_options;

/// The part of one stream in a call. A slot is in at most one chunk of a call.
typedef struct rondo_stream_chunk {
  size_t struct_size;  ///< the same in all chunks of a list
  int64_t slot;        ///< as rondo_pool_open_slot wrote it
  int64_t steps;       ///< rows of the chunk in x and y, at most max_steps; 0: 1
  int32_t start;       ///< other than 0: the stream begins anew, at the rest state
  int32_t end;         ///< other than 0: the stream ends, and the slot is free after the call
} rondo_stream_chunk;

/// What a pool is.
typedef struct rondo_pool_info {
  size_t struct_size;
  int64_t slots;
  int64_t open_slots;
  int64_t max_rows;
  int64_t max_steps;
  int64_t input_features;
  int64_t output_features;
  uint64_t fingerprint;  ///< differs between models, as the states of one do not fit the other
  uint64_t state_bytes;  ///< of all streams
  uint64_t slot_bytes;   ///< of one stream
} rondo_pool_info;

/// A pool. One thread uses a pool at a time: a call from a second one fails.
typedef struct rondo_pool rondo_pool;

/// Makes a pool on the device of the network. Plans and packs everything for every number of rows.
rondo_status rondo_pool_create(rondo_network* network, const rondo_pool_options* options, rondo_pool** pool);
/// Takes a free slot, at the rest state. Fails naming `slots` where none is free and none may be evicted.
rondo_status rondo_pool_open_slot(rondo_pool* pool, int64_t* slot);
/// Frees a slot. Fails for one that is not open.
rondo_status rondo_pool_close_slot(rondo_pool* pool, int64_t slot);
/// Writes whether a slot is open: 1 or 0.
rondo_status rondo_pool_is_open(rondo_pool* pool, int64_t slot, int32_t* is_open);

/// Steps the streams of `chunks`. `x` (N, I) has the rows of the first chunk, then those of the second one, and so on;
/// `y` (N, O) is written likewise. On a CUDA device the work is queued, and both must stay until rondo_pool_finish.
/// Fails before anything runs or changes, naming the chunk or the tensor: a slot that is not open or comes twice, steps
/// out of range, rows of x or y that are not the sum of the steps.
rondo_status rondo_pool_run(rondo_pool* pool, const rondo_stream_chunk* chunks, size_t chunk_count,
                            const rondo_dl_tensor* x, const rondo_dl_tensor* y);
/// Waits for the calls so far, and writes what they found. `status` may be null.
rondo_status rondo_pool_finish(rondo_pool* pool, rondo_run_status* status);

/// Writes the state of a slot as bytes, which are the caller's, and their number.
rondo_status rondo_pool_export_state(rondo_pool* pool, int64_t slot, void** bytes, size_t* size);
/// Gives an open slot a state that a pool of the same model exported, in any process. The bytes are checked in full
/// before anything changes.
rondo_status rondo_pool_import_state(rondo_pool* pool, int64_t slot, const void* bytes, size_t size);
/// Makes the present state of a slot the rest state, with which streams begin from now on.
rondo_status rondo_pool_save_rest_state(rondo_pool* pool, int64_t slot);
/// Makes the rest state zeros again.
rondo_status rondo_pool_clear_rest_state(rondo_pool* pool);
/// Evicts the streams whose last call, or opening, is longer ago than that. Writes how many.
rondo_status rondo_pool_evict_idle(rondo_pool* pool, int64_t nanoseconds, int64_t* evicted);

/// Writes what the pool is.
rondo_status rondo_pool_describe(rondo_pool* pool, rondo_pool_info* info);
/// What runs the calls, and why. `*text` is the caller's.
rondo_status rondo_pool_explain(rondo_pool* pool, char** text);
/// Frees a pool with all its streams.
rondo_status rondo_pool_close(rondo_pool* pool);

#ifdef __cplusplus
}
#endif
