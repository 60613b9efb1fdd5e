#include "rondo/vocabulary/dtype.h"

#include "vocabulary/dispatch_dtype.h"

namespace rondo {

std::size_t size_of(DType dtype) {
  return dispatch_dtype(dtype, []<typename Element>(ElementTag<Element>) { return sizeof(Element); });
}

std::string to_string(DType dtype) {
  switch (dtype) {
    case DType::f64: return "f64";
    case DType::f32: return "f32";
    case DType::f16: return "f16";
    case DType::bf16: return "bf16";
    case DType::i32: return "i32";
    case DType::i64: return "i64";
    case DType::boolean: return "bool";
    case DType::u8: return "u8";
  }
  throw ValueError("dtype", std::to_string(static_cast<int>(dtype)), "one of the DType values");
}

std::string to_string(MatrixMath math) {
  switch (math) {
    case MatrixMath::strict: return "strict";
    case MatrixMath::tf32: return "tf32";
    case MatrixMath::tf32x3: return "tf32x3";
    case MatrixMath::bf16: return "bf16";
    case MatrixMath::bf16x3: return "bf16x3";
    case MatrixMath::int8: return "int8";
  }
  throw ValueError("math", std::to_string(static_cast<int>(math)), "one of the MatrixMath values");
}

MatrixMath math_from_name(const std::string& name) {
  for (int math = 0; math <= static_cast<int>(MatrixMath::int8); ++math) {
    if (to_string(static_cast<MatrixMath>(math)) == name) return static_cast<MatrixMath>(math);
  }
  throw ValueError("math", "\"" + name + "\"", "\"strict\", \"tf32\", \"tf32x3\", \"bf16\", \"bf16x3\" or \"int8\"");
}

bool is_floating(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

}  // namespace rondo
