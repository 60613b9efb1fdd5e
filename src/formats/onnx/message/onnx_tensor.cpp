#include "formats/onnx/message/onnx_tensor.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "formats/containers/raw_tensor.h"
#include "formats/onnx/message/onnx_external_data.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// An entry of TensorProto.DataType.
struct OnnxType {
  int number;
  const char* name;
  DType dtype;          ///< what the elements become
  int bits;             ///< of an element in raw data
  bool is_signed;       ///< for those that widen
  bool widens = false;  ///< whether the elements in raw data are not yet of `dtype`
};

constexpr std::array<OnnxType, 15> kTypes{{{1, "FLOAT", DType::f32, 32, true},
                                           {2, "UINT8", DType::u8, 8, false},
                                           {3, "INT8", DType::i32, 8, true, true},
                                           {4, "UINT16", DType::i32, 16, false, true},
                                           {5, "INT16", DType::i32, 16, true, true},
                                           {6, "INT32", DType::i32, 32, true},
                                           {7, "INT64", DType::i64, 64, true},
                                           {9, "BOOL", DType::boolean, 8, false},
                                           {10, "FLOAT16", DType::f16, 16, true},
                                           {11, "DOUBLE", DType::f64, 64, true},
                                           {12, "UINT32", DType::i64, 32, false, true},
                                           {13, "UINT64", DType::i64, 64, false, true},
                                           {16, "BFLOAT16", DType::bf16, 16, true},
                                           {21, "UINT4", DType::i32, 4, false, true},
                                           {22, "INT4", DType::i32, 4, true, true}}};

constexpr int kExternal = 1;  // TensorProto.DataLocation

const OnnxType* find_type(std::int64_t number) {
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const OnnxType& entry) { return entry.number == number; });
  return found == kTypes.end() ? nullptr : &*found;
}

const OnnxType& type_of(std::int64_t number, const std::string& where) {
  if (const OnnxType* const type = find_type(number)) return *type;
  std::string known;
  for (const OnnxType& entry : kTypes) {
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

/// The number of bytes in raw data.
std::uint64_t raw_count(const OnnxType& type, const Shape& shape, const std::string& where) {
  static_cast<void>(byte_count(shape, type.dtype, where));  // refuses sizes that overflow
  const auto count = static_cast<std::uint64_t>(shape.numel());
  return type.bits == 4 ? (count + 1) / 2 : count * static_cast<std::uint64_t>(type.bits / 8);
}

/// Integer number `k` of little-endian raw data.
std::int64_t raw_integer(std::span<const std::byte> bytes, const OnnxType& type, std::size_t k) {
  std::uint64_t bits = 0;
  if (type.bits == 4) {  // two in a byte, the first one in the lower half
    bits = (std::to_integer<std::uint64_t>(bytes[k / 2]) >> (k % 2 * 4)) & 0xf;
  } else {
    const auto width = static_cast<std::size_t>(type.bits / 8);
    for (std::size_t i = 0; i < width; ++i) bits |= std::to_integer<std::uint64_t>(bytes[k * width + i]) << (8 * i);
  }
  const int unused = 64 - type.bits;
  if (!type.is_signed || unused == 0) return static_cast<std::int64_t>(bits);
  return static_cast<std::int64_t>(bits << unused) >> unused;
}

Tensor widened(std::span<const std::byte> bytes, const OnnxType& type, const Shape& shape, const std::string& where) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(shape.numel()));
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    numbers[k] = raw_integer(bytes, type, k);
    if (!type.is_signed && numbers[k] < 0) throw ValueError(where, "a UINT64 from 2^63", "numbers below 2^63");
  }
  return Tensor::from(numbers, shape).to(type.dtype);
}

/// A view of the bytes, or a copy where they are not aligned.
Tensor view_or_copy(const OnnxTensorData& data, const Shape& shape, DType dtype, const std::string& where) {
  const std::span<const std::byte> bytes = *data.raw;
  const bool aligned = reinterpret_cast<std::uintptr_t>(bytes.data()) % size_of(dtype) == 0;
  if (!aligned || bytes.empty() || bytes.size() != byte_count(shape, dtype, where)) {
    return copy_tensor(bytes, shape, dtype, where);
  }
  if (dtype == DType::boolean) check_booleans(bytes, where);
  // Nobody writes into a tensor of a model; Storage has no way to say so.
  auto* const address = const_cast<std::byte*>(bytes.data());
  auto storage = std::make_shared<Storage>(address, bytes.size(), cpu(), [owner = data.owner] {});
  return Tensor(std::move(storage), dtype, shape, contiguous_strides(shape));
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

Tensor from_fields(const OnnxTensorData& data, const OnnxType& type, const Shape& shape, const std::string& where) {
  switch (type.dtype) {
    case DType::f32: return from_field<float>(data.floats, shape, type.dtype, where);
    case DType::f64: return from_field<double>(data.doubles, shape, type.dtype, where);
    case DType::i64:
      if (type.widens) return from_field<std::int64_t>(data.uint64s, shape, type.dtype, where);
      return from_field<std::int64_t>(data.int64s, shape, type.dtype, where);
    case DType::i32:
      if (type.bits == 4) throw ValueError(where, "a list of numbers of 4 bits", "raw data");
      return from_field<std::int32_t>(data.int32s, shape, type.dtype, where);
    case DType::f16:
    case DType::bf16: return from_field<std::uint16_t>(data.int32s, shape, type.dtype, where);
    case DType::u8:
    case DType::boolean: return from_field<std::uint8_t>(data.int32s, shape, type.dtype, where);
  }
  throw ValueError(where, to_string(type.dtype), "one of the DType values");
}

}  // namespace

Tensor onnx_tensor(const OnnxTensorMessage& tensor, const std::string& where) {
  const OnnxType& type = type_of(tensor.data_type, where);
  const Shape shape = shape_from(tensor, where);
  OnnxTensorData data;
  if (tensor.data_location == kExternal) {
    const auto bytes = read_external_data(tensor, raw_count(type, shape, where), where);
    data = {.owner = bytes, .raw = *bytes};
  } else {
    data = tensor.data();
  }
  if (!data.raw) return from_fields(data, type, shape, where);
  if (!type.widens) return view_or_copy(data, shape, type.dtype, where);
  const std::uint64_t expected = raw_count(type, shape, where);
  if (data.raw->size() != expected) {
    throw ValueError(where, std::to_string(data.raw->size()) + " bytes",
                     std::to_string(expected) + " bytes for " + type.name + to_string(shape));
  }
  return widened(*data.raw, type, shape, where);
}

DType onnx_dtype(std::int64_t number, const std::string& where) {
  const OnnxType* const type = find_type(number);
  if (type == nullptr || type->widens) {
    throw ValueError(where, "data type " + std::to_string(number), "one that Rondo has");
  }
  return type->dtype;
}

std::string describe_onnx(const OnnxTensorMessage& tensor) {
  const OnnxType* const type = find_type(tensor.data_type);
  std::string text = type != nullptr ? type->name : "type " + std::to_string(tensor.data_type);
  text += "(";
  for (std::size_t k = 0; k < tensor.dims.size(); ++k) text += (k == 0 ? "" : ", ") + std::to_string(tensor.dims[k]);
  return text + (tensor.dims.size() == 1 ? ",)" : ")");
}

}  // namespace rondo
