/// The gradients of a layer's call: the class Pullback.
#include <nanobind/stl/string.h>

#include "cell_classes.h"
#include "nests.h"
#include "rondo/keras/pullback.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

nb::dict call_pullback(const Pullback& pullback, nb::handle d_output, nb::handle d_states) {
  const Nest given = gradient_from(d_output, "d_output");
  const States given_states = gradients_from(d_states, "d_states");
  LayerGradients gradients;
  {
    const nb::gil_scoped_release unlocked;
    gradients = pullback(given, given_states);
  }
  nb::dict result;
  result["inputs"] = to_python(gradients.inputs);
  result["initial_state"] = to_python(gradients.initial_state);
  result["reset_state"] = to_python(gradients.reset_state);
  result["weights"] = to_python(gradients.weights);
  return result;
}

}  // namespace

void bind_pullbacks(nb::module_& module) {
  nb::class_<Pullback>(module, "Pullback", "Computes the gradients of one call, any number of times.")
      .def("__call__", &call_pullback, "d_output"_a = nb::none(), "d_states"_a = nb::none(),
           "{inputs, initial_state, reset_state, weights}. None stands for zeros: of all states, or of any leaf.");
}

}  // namespace rondo::python
