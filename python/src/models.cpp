/// Whole models of Keras: the classes Model and ModelStream.
#include "rondo/models/model.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>

#include <map>
#include <span>
#include <string>
#include <vector>

#include "binding.h"
#include "names.h"
#include "nests.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

/// (name, shape, dtype) of each; None for a size that every call may choose.
nb::list described(const std::vector<ModelTensor>& tensors) {
  nb::list all;
  for (const ModelTensor& tensor : tensors) {
    nb::list sizes;
    for (const std::int64_t size : tensor.shape)
      sizes.append(size < 0 ? nb::object(nb::none()) : nb::object(nb::int_(size)));
    all.append(nb::make_tuple(tensor.name, nb::tuple(sizes), numpy_name(tensor.dtype)));
  }
  return all;
}

nb::list predict(Model& model, nb::handle inputs) {
  const std::vector<Tensor> given = tensors_from(inputs, "inputs");
  std::vector<Tensor> results;
  {
    const nb::gil_scoped_release unlocked;
    results = model.predict(std::span<const Tensor>(given));
  }
  return to_python(results);
}

nb::dict predict_named(Model& model, const nb::dict& inputs) {
  std::map<std::string, Tensor> given;
  for (const auto& [name, tensor] : inputs) given[nb::cast<std::string>(nb::str(name))] = tensor_of(tensor, "inputs");
  std::map<std::string, Tensor> results;
  {
    const nb::gil_scoped_release unlocked;
    results = model.predict(given);
  }
  nb::dict named;
  for (const auto& [name, tensor] : results) named[name.c_str()] = to_python(tensor);
  return named;
}

nb::list step(ModelStream& stream, nb::handle inputs) {
  const std::vector<Tensor> given = tensors_from(inputs, "inputs");
  std::vector<Tensor> results;
  {
    const nb::gil_scoped_release unlocked;
    results = stream.step(std::span<const Tensor>(given));
  }
  return to_python(results);
}

}  // namespace

void bind_models(nb::module_& module) {
  nb::class_<KerasModel>(module, "KerasModel", "What a file of Keras has, before anything is made of it.");
  nb::class_<ModelStream>(module, "ModelStream",
                          "One stream through a model, a time step a call; for one thread at a time.")
      .def("step", &step, "inputs"_a, "Inputs and outputs without their time axis.")
      .def("reset", &ModelStream::reset, nb::call_guard<nb::gil_scoped_release>());
  nb::class_<Model>(module, "Model", "A Keras model that computes its outputs.")
      .def(
          "__init__",
          [](Model* made, const KerasModel& contents, const std::string& device, int threads, const std::string& math) {
            const ModelOptions options{
                .device = device_from(device, "device"), .threads = threads, .math = math_from_name(math)};
            const nb::gil_scoped_release unlocked;
            new (made) Model(contents, options);
          },
          "contents"_a, nb::kw_only(), "device"_a = "cpu", "threads"_a = 0, "math"_a = "strict")
      .def_prop_ro(
          "inputs", [](const Model& model) { return described(model.inputs()); }, "(name, shape, dtype) of each.")
      .def_prop_ro("outputs", [](const Model& model) { return described(model.outputs()); })
      .def("predict", &predict, "inputs"_a, "One tensor for each output, of a list with one for each input.")
      .def("predict_named", &predict_named, "inputs"_a, "The same by name.")
      .def_prop_ro("is_stateful", &Model::is_stateful)
      .def("reset_states", &Model::reset_states, nb::call_guard<nb::gil_scoped_release>())
      .def("stream", &Model::stream)
      .def("describe", &Model::describe)
      .def("explain", &Model::explain, "B"_a, "T"_a);
}

}  // namespace rondo::python
