// Reads ONNX files with protobuf.
#include <onnx.pb.h>

#include <limits>
#include <utility>

#include "formats/containers/input_file.h"
#include "formats/onnx/onnx_message.h"
#include "formats/onnx/onnx_tensor.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Parses a message of protobuf, which is at most 2 GiB long.
template <typename Message>
Message parse_message(std::span<const std::byte> bytes, const std::string& name, const std::string& expected) {
  Message message;
  const bool parsed = bytes.size() <= std::numeric_limits<std::int32_t>::max() &&
                      message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (!parsed) throw ValueError(name, "bytes that are no such protobuf message", expected);
  return message;
}

template <typename List>
auto vector_of(const List& list) {
  return std::vector(list.begin(), list.end());
}

/// Takes the bytes out of `tensor`, which may be the largest part of the model.
OnnxTensorMessage taken(onnx_format::Tensor& tensor) {
  OnnxTensorMessage result{.name = tensor.name(),
                           .dims = vector_of(tensor.dims()),
                           .data_type = tensor.data_type(),
                           .data_location = tensor.data_location(),
                           .float_data = vector_of(tensor.float_data()),
                           .double_data = vector_of(tensor.double_data()),
                           .int32_data = vector_of(tensor.int32_data()),
                           .int64_data = vector_of(tensor.int64_data())};
  if (tensor.has_raw_data()) result.raw_data = std::move(*tensor.mutable_raw_data());
  return result;
}

OnnxAttributeMessage taken(onnx_format::Attribute& attribute) {
  OnnxAttributeMessage result{
      .name = attribute.name(), .floats = vector_of(attribute.floats()), .strings = vector_of(attribute.strings())};
  if (attribute.has_f()) result.f = attribute.f();
  if (attribute.has_i()) result.i = attribute.i();
  if (attribute.has_s()) result.s = attribute.s();
  if (attribute.has_t()) result.t = taken(*attribute.mutable_t());
  return result;
}

OnnxNodeMessage taken(onnx_format::Node& node) {
  OnnxNodeMessage result{.name = node.name(),
                         .op_type = node.op_type(),
                         .domain = node.domain(),
                         .inputs = vector_of(node.input()),
                         .outputs = vector_of(node.output())};
  for (onnx_format::Attribute& attribute : *node.mutable_attribute()) result.attributes.push_back(taken(attribute));
  return result;
}

}  // namespace

OnnxModel load_onnx(const std::filesystem::path& path) {
  InputFile file(path);
  return parse_onnx(file.read_all(), file.name());
}

OnnxModel parse_onnx(std::span<const std::byte> bytes, const std::string& name) {
  auto message = parse_message<onnx_format::Model>(bytes, name, "an ONNX model");
  if (!message.has_graph()) throw ValueError(name, "a message without a graph", "an ONNX model");
  OnnxModelMessage model{.ir_version = message.ir_version(), .producer_name = message.producer_name()};
  for (const onnx_format::OperatorSet& set : message.opset_import()) {
    model.opset_import.push_back({set.domain(), set.version()});
  }
  for (onnx_format::Node& node : *message.mutable_graph()->mutable_node()) model.nodes.push_back(taken(node));
  for (onnx_format::Tensor& tensor : *message.mutable_graph()->mutable_initializer()) {
    model.initializers.push_back(taken(tensor));
  }
  return read_onnx(model, name);
}

Tensor parse_onnx_tensor(std::span<const std::byte> bytes, const std::string& name) {
  auto tensor = parse_message<onnx_format::Tensor>(bytes, name, "an ONNX tensor");
  return onnx_tensor(taken(tensor), name);
}

}  // namespace rondo
