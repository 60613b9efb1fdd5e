/// NumPy's names of element types, and names of devices: how Python code and messages speak of them.
#pragma once

#include <string>

#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo::python {

/// "float32" for DType::f32.
std::string numpy_name(DType dtype);
/// The reverse. Throws `ValueError` naming `argument` for a name that is no dtype of Rondo's.
DType dtype_from(const std::string& name, const char* argument);
/// The device of "cpu", "cuda" or "cuda:1". Throws `ValueError` naming `argument`.
Device device_from(const std::string& name, const char* argument);

}  // namespace rondo::python
