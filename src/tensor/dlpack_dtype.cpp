#include "tensor/dlpack_dtype.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

struct DTypeRow {
  DType dtype;
  dlpack::DLDataType code;
};
constexpr DTypeRow kDTypes[] = {
    {DType::f64, {2, 64, 1}}, {DType::f32, {2, 32, 1}}, {DType::f16, {2, 16, 1}},    {DType::bf16, {4, 16, 1}},
    {DType::i32, {0, 32, 1}}, {DType::i64, {0, 64, 1}}, {DType::boolean, {6, 8, 1}}, {DType::u8, {1, 8, 1}},
};

}  // namespace

dlpack::DLDataType dlpack_dtype(DType dtype) {
  return std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](const DTypeRow& row) { return row.dtype == dtype; })
      ->code;
}

DType dtype_of_dlpack(dlpack::DLDataType code) {
  for (const DTypeRow& row : kDTypes) {
    if (row.code.code == code.code && row.code.bits == code.bits && row.code.lanes == code.lanes) return row.dtype;
  }
  throw ValueError("dlpack dtype",
                   "code " + std::to_string(code.code) + ", " + std::to_string(code.bits) + " bits, " +
                       std::to_string(code.lanes) + " lanes",
                   "one lane of f64, f32, f16, bf16, i32, i64, bool or u8");
}

}  // namespace rondo
