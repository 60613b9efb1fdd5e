/// Plans of one recurrence: which executor runs it, and why.
#pragma once

#include "rondo/c/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Cells.
enum { RONDO_LSTM = 0, RONDO_GRU = 1, RONDO_SIMPLE_RNN = 2, RONDO_MGU = 3 };

/// The order in which input steps are read, where outputs are written, and what rows emit that are not live.
enum { RONDO_READ_FORWARD = 0, RONDO_READ_REVERSED = 1, RONDO_READ_REVERSED_WITHIN_LENGTH = 2 };
enum { RONDO_WRITE_PROCESSING_ORDER = 0, RONDO_WRITE_INPUT_ORDER = 1 };
enum { RONDO_DEAD_PREVIOUS_OUTPUT = 0, RONDO_DEAD_ZEROS = 1, RONDO_DEAD_INCOMING_STATE = 2 };

/// A recurrence: one cell over T steps of B rows. Members that are 0 or null have defaults, except T, B, I and H.
typedef struct rondo_recurrence {
  size_t struct_size;
  int32_t cell;   ///< RONDO_LSTM ...
  int32_t dtype;  ///< RONDO_F32 ...: of x, weights, states and outputs
  int64_t T;
  int64_t B;
  int64_t I;
  int64_t H;
  const char* activation;            ///< a name such as "relu"; null: "tanh"
  const char* recurrent_activation;  ///< of the gates; null: "sigmoid"
  int32_t device_type;               ///< RONDO_CPU ...
  int32_t device_index;
  int32_t math;          ///< RONDO_MATH_STRICT ...
  int32_t read_order;    ///< RONDO_READ_FORWARD ...
  int32_t write_order;   ///< RONDO_WRITE_PROCESSING_ORDER ...
  int32_t dead_output;   ///< RONDO_DEAD_PREVIOUS_OUTPUT ...
  int32_t has_mask;      ///< other than 0: each run takes a mask
  int32_t has_lengths;   ///< each run takes lengths
  int32_t has_resets;    ///< each run takes marks where rows begin anew
  int32_t no_bias;       ///< there is no bias
  int32_t reset_before;  ///< of a GRU: (r * h) U, as in TensorFlow 1
  int32_t use_peepholes;
  int64_t projection_units;  ///< of an LSTM: features of h; 0: no projection
  double cell_clip;          ///< 0: none
  double projection_clip;    ///< 0: none
} rondo_recurrence;

/// Options of a plan, of a network's session and of a pool.
typedef struct rondo_plan_options {
  size_t struct_size;
  const char* executor;     ///< the only executor to consider; null or "": the first that accepts
  int32_t threads;          ///< the most threads of the CPU; 0: the processors that the process may use
  int32_t never_waits;      ///< other than 0: excludes executors whose blocks wait for each other
  int32_t without_graphs;   ///< other than 0: never records CUDA graphs
  int32_t without_overlap;  ///< other than 0: recurrences of a network run one after the other
} rondo_plan_options;

/// What a plan says of its runs.
typedef struct rondo_plan_info {
  size_t struct_size;
  int64_t output_units;      ///< features of h and y
  int64_t state_count;       ///< 2 for an LSTM, h and c; else 1
  int64_t gate_columns;      ///< columns of the kernels: 4 H for an LSTM
  uint64_t workspace_bytes;  ///< that a session allocates
  double predicted_ns;       ///< time of a run; 0 where the executor has no model of it
  int64_t may_stall;         ///< whether blocks of a kernel wait for each other: see rondo_session_finish
} rondo_plan_info;

/// A plan, which never changes.
typedef struct rondo_plan rondo_plan;

/// Plans a recurrence. `options` may be null. Nothing runs, and no device is touched.
rondo_status rondo_plan_create(const rondo_recurrence* recurrence, const rondo_plan_options* options,
                               rondo_plan** plan);
/// Which executor runs the plan, and why the others do not, in lines. `*text` is the caller's.
rondo_status rondo_plan_explain(rondo_plan* plan, char** text);
/// The name of the executor. `*name` is the caller's.
rondo_status rondo_plan_executor(rondo_plan* plan, char** name);
/// Writes what the plan says of its runs.
rondo_status rondo_plan_describe(rondo_plan* plan, rondo_plan_info* info);
/// Frees a plan. Sessions of it live on.
rondo_status rondo_plan_close(rondo_plan* plan);

#ifdef __cplusplus
}
#endif
