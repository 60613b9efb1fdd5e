/// The tensors of one call of a node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/tensor/tensor.h"
#include "runtime.h"

namespace rondo::ort {

/// The elements of a tensor of the runtime, as a view that holds for as long as `value` lives. Throws `ValueError`
/// naming `name` for a value that is no tensor on the CPU of a dtype that Rondo has.
Tensor view_of(const Runtime& runtime, const OrtValue& value, const std::string& name);

/// The elements of a tensor of the runtime, whatever they are; texts have no elements here.
struct TensorBytes {
  std::int32_t type = 0;  ///< a TensorProto.DataType of ONNX: the runtime's numbers are the same
  Shape shape = {};
  std::span<const std::byte> elements = {};
};

TensorBytes bytes_of(const Runtime& runtime, const OrtValue& value);

/// The texts of a tensor of strings.
std::vector<std::string> texts_of(const Runtime& runtime, const OrtValue& value);

class Call {
 public:
  Call(const Runtime& runtime, OrtKernelContext& context) : runtime_(&runtime), context_(&context) {}

  const Runtime& runtime() const { return *runtime_; }
  OrtKernelContext& context() const { return *context_; }
  /// An input of the fused node; null where the model leaves it out.
  const OrtValue* value(std::size_t index) const;
  /// A view of an input; undefined where the model leaves it out.
  Tensor input(std::size_t index, const std::string& name) const;
  /// A view of an output in the runtime's memory, to be written.
  Tensor output(std::size_t index, const Shape& shape, DType dtype) const;

 private:
  const Runtime* runtime_;
  OrtKernelContext* context_;
};

}  // namespace rondo::ort
