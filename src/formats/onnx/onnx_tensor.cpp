#include "formats/onnx/onnx_tensor.h"

#include <array>
#include <cstdint>
#include <vector>

#include "formats/containers/raw_tensor.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// An entry of TensorProto.DataType.
struct OnnxDType {
  int number;
  const char* name;
  DType dtype;
};

constexpr std::array<OnnxDType, 8> kDTypes{{{1, "FLOAT", DType::f32},
                                            {2, "UINT8", DType::u8},
                                            {6, "INT32", DType::i32},
                                            {7, "INT64", DType::i64},
                                            {9, "BOOL", DType::boolean},
                                            {10, "FLOAT16", DType::f16},
                                            {11, "DOUBLE", DType::f64},
                                            {16, "BFLOAT16", DType::bf16}}};

constexpr int kExternal = 1;  // TensorProto.DataLocation

DType dtype_from(int number, const std::string& where) {
  std::string known;
  for (const OnnxDType& entry : kDTypes) {
    if (entry.number == number) return entry.dtype;
    known += (known.empty() ? "" : ", ") + std::to_string(entry.number) + " (" + entry.name + ")";
  }
  throw ValueError(where + ": data_type", std::to_string(number), "one of " + known);
}

Shape shape_from(const OnnxTensorMessage& tensor, const std::string& where) {
  if (std::ssize(tensor.dims) > kMaxRank) {
    throw ValueError(where + ": dims", std::to_string(tensor.dims.size()) + " axes",
                     "at most " + std::to_string(kMaxRank));
  }
  for (const std::int64_t size : tensor.dims) {
    if (size < 0) throw ValueError(where + ": dims", std::to_string(size), "sizes from 0");
  }
  return Shape(std::span<const std::int64_t>(tensor.dims));
}

/// A tensor of the numbers of a field. `Element` is the type of the dtype, or an integer that holds the bits of one. A
/// number that does not fit is cut off; copy_tensor then checks booleans.
template <typename Element, typename Field>
Tensor from_field(const Field& field, const Shape& shape, DType dtype, const std::string& where) {
  std::vector<Element> elements;
  elements.reserve(field.size());
  for (const auto number : field) elements.push_back(static_cast<Element>(number));
  return copy_tensor(std::as_bytes(std::span<const Element>(elements)), shape, dtype, where);
}

}  // namespace

Tensor onnx_tensor(const OnnxTensorMessage& tensor, const std::string& where) {
  if (tensor.data_location == kExternal) {
    throw ValueError(where, "data in another file", "data inside of the model file");
  }
  const DType dtype = dtype_from(tensor.data_type, where);
  const Shape shape = shape_from(tensor, where);
  if (tensor.raw_data) {
    return copy_tensor(std::as_bytes(std::span<const char>(*tensor.raw_data)), shape, dtype, where);
  }
  switch (dtype) {
    case DType::f32: return from_field<float>(tensor.float_data, shape, dtype, where);
    case DType::f64: return from_field<double>(tensor.double_data, shape, dtype, where);
    case DType::i64: return from_field<std::int64_t>(tensor.int64_data, shape, dtype, where);
    case DType::i32: return from_field<std::int32_t>(tensor.int32_data, shape, dtype, where);
    case DType::f16:
    case DType::bf16: return from_field<std::uint16_t>(tensor.int32_data, shape, dtype, where);
    case DType::u8:
    case DType::boolean: return from_field<std::uint8_t>(tensor.int32_data, shape, dtype, where);
  }
  throw ValueError(where, to_string(dtype), "one of the DType values");
}

}  // namespace rondo
