#include <array>
#include <string>
#include <string_view>

#include "model_config.h"
#include "rondo/vocabulary/error.h"

namespace rondo::triton {
namespace {

constexpr std::array<std::string_view, 15> kNames = {"INVALID", "BOOL", "UINT8", "UINT16", "UINT32",
                                                     "UINT64",  "INT8", "INT16", "INT32",  "INT64",
                                                     "FP16",    "FP32", "FP64",  "BYTES",  "BF16"};

}  // namespace

std::string to_string(abi::DataType type) {
  const auto number = static_cast<std::size_t>(type);
  return "TYPE_" + std::string(number < kNames.size() ? kNames[number] : "?");
}

abi::DataType data_type_of(DType dtype) {
  switch (dtype) {
    case DType::f64: return abi::DataType::fp64;
    case DType::f32: return abi::DataType::fp32;
    case DType::f16: return abi::DataType::fp16;
    case DType::bf16: return abi::DataType::bf16;
    case DType::i32: return abi::DataType::int32;
    case DType::i64: return abi::DataType::int64;
    case DType::boolean: return abi::DataType::boolean;
    case DType::u8: return abi::DataType::uint8;
  }
  return abi::DataType::invalid;
}

DType dtype_of_data(abi::DataType type, const std::string& field) {
  for (const DType dtype :
       {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i32, DType::i64, DType::boolean, DType::u8}) {
    if (data_type_of(dtype) == type) return dtype;
  }
  throw ValueError(field, to_string(type),
                   "TYPE_FP64, TYPE_FP32, TYPE_FP16, TYPE_BF16, TYPE_INT32, TYPE_INT64, TYPE_BOOL or TYPE_UINT8");
}

}  // namespace rondo::triton
