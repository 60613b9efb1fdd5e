/// The parts of bind_v1.
#pragma once

#include "binding.h"

namespace rondo::python {

void bind_v1_cells(nb::module_& module);

}  // namespace rondo::python
