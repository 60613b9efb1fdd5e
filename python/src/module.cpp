/// The module rondo._rondo: Rondo's C++ interface for the Python package, which gives it the names of Keras, TensorFlow
/// and PyTorch.
#include "binding.h"

NB_MODULE(_rondo, module) {
  using namespace rondo::python;
  nb::set_leak_warnings(false);  // objects may live until the interpreter ends, as in a graph of PyTorch
  module.doc() = "Rondo's C++ interface. Programs use the package rondo, which is made of it.";
  bind_errors(module);
  bind_devices(module);
  bind_tensors(module);
  bind_activations(module);
  bind_layers(module);
  bind_convolutions(module);
  bind_step_loop(module);
  bind_plans(module);
  bind_sessions(module);
  bind_keras_files(module);
  bind_onnx_files(module);
  bind_networks(module);
  bind_state_pool(module);
  bind_stream_batcher(module);
  bind_models(module);
  bind_v1(module);
}
