/// The parts of bind_layers.
#pragma once

#include "binding.h"

namespace rondo::python {

void bind_cells(nb::module_& module);
void bind_pullbacks(nb::module_& module);

}  // namespace rondo::python
