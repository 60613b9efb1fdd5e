#include "call.h"

#include <memory>
#include <span>

#include "formats/onnx/message/onnx_tensor.h"

namespace rondo::ort {
namespace {

/// The type and the shape of a tensor, which the runtime allocates for whoever asks.
class TypeAndShape {
 public:
  TypeAndShape(const Runtime& runtime, const OrtValue& value) : runtime_(runtime) {
    runtime.check(runtime.api().GetTensorTypeAndShape(&value, &info_));
  }
  ~TypeAndShape() { runtime_.api().ReleaseTensorTypeAndShapeInfo(info_); }
  TypeAndShape(const TypeAndShape&) = delete;
  TypeAndShape& operator=(const TypeAndShape&) = delete;

  ONNXTensorElementDataType type() const {
    auto type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    runtime_.check(runtime_.api().GetTensorElementType(info_, &type));
    return type;
  }

  std::size_t count() const {
    std::size_t count = 0;
    runtime_.check(runtime_.api().GetTensorShapeElementCount(info_, &count));
    return count;
  }

  Shape shape() const {
    std::size_t rank = 0;
    runtime_.check(runtime_.api().GetDimensionsCount(info_, &rank));
    std::int64_t sizes[kMaxRank] = {};
    if (rank > kMaxRank) throw ValueError("tensor", std::to_string(rank) + " axes", "at most 8");
    runtime_.check(runtime_.api().GetDimensions(info_, sizes, rank));
    return Shape(std::span<const std::int64_t>(sizes, rank));
  }

 private:
  const Runtime& runtime_;
  OrtTensorTypeAndShapeInfo* info_ = nullptr;
};

void* memory_of(const Runtime& runtime, const OrtValue& value) {
  void* memory = nullptr;
  runtime.check(runtime.api().GetTensorMutableData(const_cast<OrtValue*>(&value), &memory));
  return memory;
}

/// A view of memory that is never asked for where there are no elements.
Tensor view(void* memory, const Shape& shape, DType dtype) {
  if (shape.numel() == 0) return Tensor::empty(shape, dtype);
  return {std::make_shared<Storage>(memory, static_cast<std::size_t>(shape.numel()) * size_of(dtype), cpu(), nullptr),
          dtype, shape, contiguous_strides(shape)};
}

}  // namespace

TensorBytes bytes_of(const Runtime& runtime, const OrtValue& value) {
  const TypeAndShape given(runtime, value);
  TensorBytes result{.type = given.type(), .shape = given.shape()};
  if (result.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING) return result;
  std::size_t bytes = 0;
  runtime.check(runtime.api().GetTensorSizeInBytes(&value, &bytes));
  result.elements = {static_cast<const std::byte*>(memory_of(runtime, value)), bytes};
  return result;
}

Tensor view_of(const Runtime& runtime, const OrtValue& value, const std::string& name) {
  const TypeAndShape given(runtime, value);
  return view(memory_of(runtime, value), given.shape(), onnx_dtype(given.type(), name));
}

std::vector<std::string> texts_of(const Runtime& runtime, const OrtValue& value) {
  std::vector<std::string> texts(TypeAndShape(runtime, value).count());
  for (std::size_t k = 0; k < texts.size(); ++k) {
    std::size_t bytes = 0;
    runtime.check(runtime.api().GetStringTensorElementLength(&value, k, &bytes));
    texts[k].resize(bytes);
    runtime.check(runtime.api().GetStringTensorElement(&value, bytes, k, texts[k].data()));
  }
  return texts;
}

const OrtValue* Call::value(std::size_t index) const {
  const OrtValue* value = nullptr;
  runtime_->check(runtime_->api().KernelContext_GetInput(context_, index, &value));
  return value;
}

Tensor Call::input(std::size_t index, const std::string& name) const {
  const OrtValue* const given = value(index);
  return given == nullptr ? Tensor() : view_of(*runtime_, *given, name);
}

Tensor Call::output(std::size_t index, const Shape& shape, DType dtype) const {
  OrtValue* value = nullptr;
  runtime_->check(runtime_->api().KernelContext_GetOutput(context_, index, shape.begin(),
                                                          static_cast<std::size_t>(shape.rank()), &value));
  if (value == nullptr) return {};
  return view(memory_of(*runtime_, *value), shape, dtype);
}

}  // namespace rondo::ort
