/// Whole models of Keras, from a file to the model's answer.
#pragma once

#include "rondo/c/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Where a model runs.
typedef struct rondo_model_options {
  size_t struct_size;
  int32_t device_type;  ///< RONDO_CPU ...
  int32_t device_index;
  int32_t threads;  ///< the most threads of the CPU that recurrences use; 0: the processors that the process may use
  int32_t math;     ///< RONDO_MATH_STRICT ...: how recurrences multiply f32
} rondo_model_options;

/// Inputs and outputs of a model.
typedef struct rondo_model_info {
  size_t struct_size;
  int64_t inputs;
  int64_t outputs;
  int64_t is_stateful;  ///< whether a layer keeps its states from call to call
} rondo_model_info;

/// An input or an output of a model.
typedef struct rondo_model_tensor {
  size_t struct_size;
  const char* name;  ///< the model's, until it is closed
  int64_t rank;
  int64_t shape[8];          ///< the batch first; -1 for a size that every call may choose; 0 beyond the rank
  rondo_dl_data_type dtype;  ///< with the member below, 8 bytes
  int32_t reserved;          ///< 0
} rondo_model_tensor;

/// A model. Many threads may call it at a time, unless it is stateful: then one thread at a time.
typedef struct rondo_model rondo_model;
/// One stream through a model of causal layers, with states of its own, for one thread at a time. It outlives its
/// model.
typedef struct rondo_model_stream rondo_model_stream;

/// Loads a model from a .keras or an .h5. `options` may be null. Fails naming the layer that Rondo does not run.
rondo_status rondo_model_load(const char* path, const rondo_model_options* options, rondo_model** model);
/// Writes how many inputs and outputs the model has.
rondo_status rondo_model_describe(rondo_model* model, rondo_model_info* info);
/// Writes input or output `index`, in the order of rondo_model_predict.
rondo_status rondo_model_input(rondo_model* model, int64_t index, rondo_model_tensor* tensor);
rondo_status rondo_model_output(rondo_model* model, int64_t index, rondo_model_tensor* tensor);
/// A table of the model's layers. `*text` is the caller's.
rondo_status rondo_model_table(rondo_model* model, char** text);
/// Runs the model with all its inputs, in any dtype and on any device. Writes `output_count` tensors, all the model
/// has, each the caller's and on the model's device. A call that fails gives none.
rondo_status rondo_model_predict(rondo_model* model, const rondo_dl_tensor* const* inputs, size_t input_count,
                                 rondo_dl_managed** outputs, size_t output_count);
/// Makes the states that stateful layers keep zeros.
rondo_status rondo_model_reset_states(rondo_model* model);
/// Frees a model, and the names that rondo_model_input wrote.
rondo_status rondo_model_close(rondo_model* model);

/// Begins a stream. Fails naming the layer that cannot read one time step at a time.
rondo_status rondo_model_stream_open(rondo_model* model, rondo_model_stream** stream);
/// Reads one step: inputs without their time axis. Else as rondo_model_predict.
rondo_status rondo_model_stream_step(rondo_model_stream* stream, const rondo_dl_tensor* const* inputs,
                                     size_t input_count, rondo_dl_managed** outputs, size_t output_count);
/// Begins anew: forgets all steps.
rondo_status rondo_model_stream_reset(rondo_model_stream* stream);
/// Frees a stream.
rondo_status rondo_model_stream_close(rondo_model_stream* stream);

#ifdef __cplusplus
}
#endif
