/// Builds right and wrong ONNX models from parts.
#pragma once

#include <onnx.pb.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "rondo/formats/onnx_model.h"

namespace rondo::test {

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span<const char>(text));
}

/// A tensor of f32 zeros.
inline onnx_format::Tensor onnx_zeros(const std::string& name, const std::vector<std::int64_t>& dims) {
  onnx_format::Tensor tensor;
  tensor.set_name(name);
  tensor.set_data_type(1);
  std::int64_t count = 1;
  for (const std::int64_t size : dims) {
    tensor.add_dims(size);
    count *= size;
  }
  tensor.mutable_raw_data()->assign(static_cast<std::size_t>(count) * 4, '\0');
  return tensor;
}

inline onnx_format::Attribute& add_attribute(onnx_format::Node& node, const std::string& name) {
  onnx_format::Attribute& attribute = *node.add_attribute();
  attribute.set_name(name);
  return attribute;
}

/// A model with a node "n" of an operator with the inputs X, W and R and the attribute hidden_size.
inline onnx_format::Model onnx_model(const std::string& op_type, std::int64_t H) {
  onnx_format::Model model;
  onnx_format::Node& node = *model.mutable_graph()->add_node();
  node.set_name("n");
  node.set_op_type(op_type);
  for (const char* name : {"X", "W", "R"}) node.add_input(name);
  node.add_output("Y");
  add_attribute(node, "hidden_size").set_i(H);
  return model;
}

/// A model with an LSTM of I = 3 and H = 2 whose weights are zeros.
inline onnx_format::Model onnx_lstm() {
  onnx_format::Model model = onnx_model("LSTM", 2);
  *model.mutable_graph()->add_initializer() = onnx_zeros("W", {1, 8, 3});
  *model.mutable_graph()->add_initializer() = onnx_zeros("R", {1, 8, 2});
  return model;
}

inline OnnxModel parsed(const onnx_format::Model& model) {
  return parse_onnx(as_bytes(model.SerializeAsString()), "m.onnx");
}

}  // namespace rondo::test
