/// Sessions: a plan, or a network, with its weights and all memory that its runs need.
#pragma once

#include "rondo/c/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Weights of one recurrence in Keras's layout, of which each has an owner. G gates: 4 (i f c o) for an LSTM, 3 (z r h)
/// for a GRU, 1 for a simple RNN, 2 (f n) for an MGU.
///
/// A function that takes this struct takes all tensors in it, also where it fails: it calls their deleters, once, when
/// no session uses them any more. Only where `struct_size` is no size of this struct, they stay the caller's.
typedef struct rondo_weights {
  size_t struct_size;
  rondo_dl_managed* kernel;            ///< (I, G H)
  rondo_dl_managed* recurrent_kernel;  ///< (H, G H), or (P, G H) with a projection of P units
  rondo_dl_managed* bias;        ///< (G H), or (2, G H) for a GRU without `reset_before` and an MGU; null iff `no_bias`
  rondo_dl_managed* peepholes;   ///< (3, H); null unless `use_peepholes`
  rondo_dl_managed* projection;  ///< (H, P); null unless `projection_units`
} rondo_weights;

/// Tensors of one run, all borrowed, in the dtype of the plan unless another is named. The innermost axis has no gaps.
///
/// States are listed layer by layer from the input up, forward before backward, h before c: one (h) or two (h, c) for a
/// plan. A list has all of them, or none.
typedef struct rondo_run {
  size_t struct_size;
  const rondo_dl_tensor* x;                      ///< (T, B, I)
  const rondo_dl_tensor* mask;                   ///< (T, B) of bool, true where a row is live; iff has_mask
  const rondo_dl_tensor* lengths;                ///< (B) of i32; iff has_lengths
  const rondo_dl_tensor* resets;                 ///< (T, B) of bool, true where a row begins anew; iff has_resets
  const rondo_dl_tensor* y;                      ///< (T, B, H), written; null: not wanted
  const rondo_dl_tensor* const* initial_states;  ///< each (B, H); null: zeros
  const rondo_dl_tensor* const* final_states;    ///< each (B, H), written; may be the initial ones; null: not wanted
  size_t initial_state_count;                    ///< 0, or all
  size_t final_state_count;                      ///< 0, or all
} rondo_run;

/// What only the device could find out during the runs of a session.
typedef struct rondo_run_status {
  size_t struct_size;
  int32_t length_out_of_range;  ///< a length was below 0 or above T, and was taken as 0 or T
  int32_t stalled;              ///< discard what the runs since the last status wrote, as SessionStatus::stalled says
} rondo_run_status;

/// A session. One thread uses a session at a time: a call from a second one fails.
typedef struct rondo_session rondo_session;

/// Makes a session of a plan, whose weights it takes. Allocates everything that its runs need.
rondo_status rondo_session_create(rondo_plan* plan, const rondo_weights* weights, rondo_session** session);
/// Runs once. On the CPU the run is done when this returns; on a CUDA device it is queued, and all memory of `run` must
/// stay until rondo_session_finish. Fails before anything runs, naming the tensor that does not fit.
rondo_status rondo_session_run(rondo_session* session, const rondo_run* run);
/// Waits for the runs so far, and writes what they found since the last call. `status` may be null.
rondo_status rondo_session_finish(rondo_session* session, rondo_run_status* status);
/// Takes in the weights' elements, which have changed.
rondo_status rondo_session_reload_weights(rondo_session* session);
/// How the session runs, as rondo_plan_explain. `*text` is the caller's.
rondo_status rondo_session_explain(rondo_session* session, char** text);
/// Frees a session, after its runs.
rondo_status rondo_session_close(rondo_session* session);

#ifdef __cplusplus
}
#endif
