/// The interface of a library that runs a whole model of Keras: a shared object with these functions.
///
/// Memory is the caller's and row-major. A stream runs one time step a call, with states that it keeps from call to
/// call.
#pragma once

#include <cstdint>

extern "C" {

struct ModelPeerInput {
  const void* data;
  const std::int64_t* shape;
  std::int32_t rank;
  std::int32_t is_integer;  ///< i32; else f32
};

struct ModelPeerProblem {
  const char* file;
  const ModelPeerInput* inputs;  ///< in the order of the model; of a stream without the axis of time
  std::int32_t input_count;
  std::int32_t is_stream;
  std::int32_t threads;
  float* y;  ///< the first output
  std::int64_t y_count;
};

struct ModelPeer;

/// Loads the model; null, with a message on stderr, where the library refuses.
ModelPeer* model_peer_create(const ModelPeerProblem* problem);
/// Answers the inputs `runs` times in sequence, each time into y. Returns the seconds taken; below zero: an error, told
/// on stderr.
double model_peer_run(ModelPeer* peer, std::int64_t runs);
void model_peer_destroy(ModelPeer* peer);
/// The seconds that reading a file as a model takes. Below zero: an error, told on stderr.
double model_peer_load(const char* file);
}
