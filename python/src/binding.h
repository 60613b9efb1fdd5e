/// What the files of the Python module share. Each bind_* function adds one part of Rondo to the module.
#pragma once

#include <nanobind/nanobind.h>

namespace rondo::python {

namespace nb = nanobind;

void bind_errors(nb::module_& module);
void bind_tensors(nb::module_& module);
void bind_layers(nb::module_& module);
void bind_activations(nb::module_& module);
void bind_convolutions(nb::module_& module);
void bind_step_loop(nb::module_& module);
void bind_plans(nb::module_& module);
void bind_sessions(nb::module_& module);
void bind_devices(nb::module_& module);
void bind_keras_files(nb::module_& module);
void bind_onnx_files(nb::module_& module);
void bind_networks(nb::module_& module);
void bind_state_pool(nb::module_& module);
void bind_stream_batcher(nb::module_& module);
void bind_models(nb::module_& module);
void bind_v1(nb::module_& module);

}  // namespace rondo::python
