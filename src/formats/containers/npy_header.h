/// The header of a `.npy` file: the text of a Python dictionary with three keys.
#pragma once

#include <string>
#include <string_view>

#include "rondo/vocabulary/dtype.h"
#include "rondo/vocabulary/shape.h"

namespace rondo {

struct NpyHeader {
  DType dtype = DType::f32;
  bool fortran_order = false;
  Shape shape;
};

/// Parses "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" and the blanks that follow. Throws `ValueError`
/// naming `where` as load_npy.
NpyHeader parse_npy_header(std::string_view text, const std::string& where);

/// What NumPy calls a dtype that it has: "<f4".
std::string npy_descr(DType dtype);

}  // namespace rondo
