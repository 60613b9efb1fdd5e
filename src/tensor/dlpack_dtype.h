/// Element types as DLPack numbers them.
#pragma once

#include "rondo/tensor/dlpack.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo {

dlpack::DLDataType dlpack_dtype(DType dtype);
/// Throws `ValueError` for a type that Rondo does not have.
DType dtype_of_dlpack(dlpack::DLDataType type);

}  // namespace rondo
