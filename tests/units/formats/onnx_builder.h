/// Builds ONNX graphs node by node.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "units/formats/onnx_messages.h"

namespace rondo::test {

inline onnx_format::Tensor int_tensor(const std::string& name, const std::vector<std::int64_t>& dims,
                                      const std::vector<std::int64_t>& numbers) {
  onnx_format::Tensor tensor;
  tensor.set_name(name);
  tensor.set_data_type(7);
  for (const std::int64_t size : dims) tensor.add_dims(size);
  for (const std::int64_t number : numbers) tensor.add_int64_data(number);
  return tensor;
}

inline onnx_format::Tensor list(const std::string& name, const std::vector<std::int64_t>& numbers) {
  return int_tensor(name, {static_cast<std::int64_t>(numbers.size())}, numbers);
}

inline onnx_format::Tensor float_tensor(const std::string& name, const std::vector<std::int64_t>& dims,
                                        const std::vector<float>& numbers) {
  onnx_format::Tensor tensor;
  tensor.set_name(name);
  tensor.set_data_type(1);
  for (const std::int64_t size : dims) tensor.add_dims(size);
  for (const float number : numbers) tensor.add_float_data(number);
  return tensor;
}

/// A graph that is built node by node.
class Builder {
 public:
  onnx_format::Node& node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output) {
    onnx_format::Node& made = *graph().add_node();
    made.set_op_type(op);
    for (const std::string& input : inputs) made.add_input(input);
    made.add_output(output);
    return made;
  }
  void constant(const onnx_format::Tensor& tensor) { *graph().add_initializer() = tensor; }
  void input(const std::string& name, int rank) {
    onnx_format::ValueInfo& info = *graph().add_input();
    info.set_name(name);
    for (int k = 0; k < rank; ++k) info.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim();
  }
  onnx_format::Graph& graph() { return *model.mutable_graph(); }
  /// What follows for a name.
  Tensor folded(const std::string& name) const { return parsed(model).tensor(name); }

  onnx_format::Model model;
};

inline void ints(onnx_format::Node& node, const std::string& name, const std::vector<std::int64_t>& values) {
  onnx_format::Attribute& attribute = add_attribute(node, name);
  for (const std::int64_t value : values) attribute.add_ints(value);
}

}  // namespace rondo::test
