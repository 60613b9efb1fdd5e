/// Recurrent networks of files: stacks of layers, each in one direction or in both.
#pragma once

#include "rondo/c/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What a file does not say of its network, and where its weights go. Members that are 0 or null have defaults.
typedef struct rondo_load_options {
  size_t struct_size;
  const char* const* parts;  ///< layers of a Keras model or nodes of an ONNX model, from the input up; of PyTorch, the
                             ///< one module, "encoder.lstm"
  size_t part_count;         ///< 0: the only module, or all recurrent layers or nodes
  const char* weights;       ///< of a Keras model whose file is JSON: the path of its weights
  const char* activation;    ///< `nonlinearity` of a torch.nn.RNN, which its file does not have; null: "tanh"
  int32_t device_type;       ///< RONDO_CPU ...
  int32_t device_index;
} rondo_load_options;

/// What a network takes and gives.
typedef struct rondo_network_info {
  size_t struct_size;
  int64_t layers;
  int64_t input_features;
  int64_t output_features;
  int64_t state_count;    ///< of all layers and directions, as rondo_run lists them
  int32_t dtype;          ///< RONDO_F32 ...
  int32_t bidirectional;  ///< whether any layer reads in reverse
} rondo_network_info;

/// The sizes of the runs of a session.
typedef struct rondo_run_sizes {
  size_t struct_size;
  int64_t T;
  int64_t B;
  int32_t has_mask;     ///< other than 0: each run takes a mask
  int32_t has_lengths;  ///< other than 0: each run takes lengths
} rondo_run_sizes;

/// A network with its weights, which never changes.
typedef struct rondo_network rondo_network;

/// Loads a network from a file, whose content decides what it is: .safetensors of a PyTorch module or the .index.json
/// of several, an ONNX model, or a .keras, .h5 or .json of Keras. `options` may be null. Fails naming what the file
/// lacks.
rondo_status rondo_network_load(const char* path, const rondo_load_options* options, rondo_network** network);
/// Writes what the network takes and gives.
rondo_status rondo_network_describe(rondo_network* network, rondo_network_info* info);
/// Features of state `index` of all states, as rondo_run lists them: a state is (B, features).
rondo_status rondo_network_state_features(rondo_network* network, int64_t index, int64_t* features);
/// Makes a session for runs of these sizes. `options` may be null.
rondo_status rondo_network_session(rondo_network* network, const rondo_run_sizes* sizes,
                                   const rondo_plan_options* options, rondo_session** session);
/// Frees a network. Sessions and pools of it live on.
rondo_status rondo_network_close(rondo_network* network);

#ifdef __cplusplus
}
#endif
