/// Activations by name, and their functions of arrays.
#include "rondo/vocabulary/activation.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "arrays.h"
#include "binding.h"
#include "rondo/ops/ops.h"

namespace rondo::python {

using namespace nb::literals;

void bind_activations(nb::module_& module) {
  module.def("activation_names", &activation_names, "The names of all activations, without parameters.");
  module.def(
      "activation_name", [](const std::string& name) { return to_string(activation_from_name(name)); }, "name"_a,
      "The name of an activation with the parameters that differ from their defaults, such as \"elu(0.5)\".");
  module.def(
      "activate",
      [](const std::string& name, const Array& x) {
        const Activation activation = activation_from_name(name);
        const nb::gil_scoped_release unlocked;
        return Array{activate(activation, x.tensor)};
      },
      "name"_a, "x"_a, "The activation of each element.");
}

}  // namespace rondo::python
