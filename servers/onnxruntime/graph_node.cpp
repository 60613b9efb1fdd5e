#include "graph_node.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "call.h"
#include "formats/onnx/onnx_source.h"

namespace rondo::ort {
namespace {

using Values = std::vector<const OrtValueInfo*>;

/// What `count` counts, as `fill` writes it.
template <typename Element, typename Count, typename Fill>
std::vector<Element> all_of(const Runtime& runtime, const OrtNode& node, const Count& count, const Fill& fill) {
  std::size_t size = 0;
  runtime.check(count(&node, &size));
  std::vector<Element> all(size);
  if (size > 0) runtime.check(fill(&node, all.data(), size));
  return all;
}

Values inputs_of(const Runtime& runtime, const OrtNode& node) {
  const OrtApi& api = runtime.api();
  return all_of<const OrtValueInfo*>(runtime, node, api.Node_GetNumInputs, api.Node_GetInputs);
}

std::string name_of_value(const Runtime& runtime, const OrtValueInfo* value) {
  if (value == nullptr) return {};
  const char* name = nullptr;
  runtime.check(runtime.api().GetValueInfoName(value, &name));
  return name;
}

std::vector<std::string> names_of(const Runtime& runtime, const Values& values) {
  std::vector<std::string> names;
  for (const OrtValueInfo* const value : values) names.push_back(name_of_value(runtime, value));
  return names;
}

/// The bytes of an attribute. How many there are, the runtime says with an error.
template <typename Element>
std::vector<Element> elements_of(const Runtime& runtime, const OrtOpAttr& attribute, OrtOpAttrType type) {
  std::size_t bytes = 0;
  if (OrtStatus* const status = runtime.api().ReadOpAttr(&attribute, type, nullptr, 0, &bytes)) {
    runtime.api().ReleaseStatus(status);
  }
  std::vector<Element> elements(bytes / sizeof(Element));
  if (!elements.empty()) runtime.check(runtime.api().ReadOpAttr(&attribute, type, elements.data(), bytes, &bytes));
  return elements;
}

template <typename Element>
Element element_of(const Runtime& runtime, const OrtOpAttr& attribute, OrtOpAttrType type) {
  Element element = {};
  std::size_t bytes = 0;
  runtime.check(runtime.api().ReadOpAttr(&attribute, type, &element, sizeof(element), &bytes));
  return element;
}

/// Texts, each with a zero behind it.
std::vector<std::string> texts_of(const std::vector<char>& bytes) {
  std::vector<std::string> texts;
  for (auto begin = bytes.begin(); begin != bytes.end();) {
    const auto end = std::find(begin, bytes.end(), '\0');
    texts.emplace_back(begin, end);
    begin = end == bytes.end() ? end : end + 1;
  }
  return texts;
}

OnnxAttributeMessage attribute_message(const Runtime& runtime, const OrtOpAttr& attribute) {
  OnnxAttributeMessage message;
  const char* name = nullptr;
  runtime.check(runtime.api().OpAttr_GetName(&attribute, &name));
  message.name = name;
  auto type = ORT_OP_ATTR_UNDEFINED;
  runtime.check(runtime.api().OpAttr_GetType(&attribute, &type));
  switch (type) {
    case ORT_OP_ATTR_INT: message.i = element_of<std::int64_t>(runtime, attribute, type); break;
    case ORT_OP_ATTR_FLOAT: message.f = element_of<float>(runtime, attribute, type); break;
    case ORT_OP_ATTR_INTS: message.ints = elements_of<std::int64_t>(runtime, attribute, type); break;
    case ORT_OP_ATTR_FLOATS: message.floats = elements_of<float>(runtime, attribute, type); break;
    case ORT_OP_ATTR_STRINGS: message.strings = texts_of(elements_of<char>(runtime, attribute, type)); break;
    case ORT_OP_ATTR_STRING: {
      const std::vector<std::string> texts = texts_of(elements_of<char>(runtime, attribute, type));
      message.s = texts.empty() ? std::string() : texts.front();
      break;
    }
    default: break;  // no attribute of a recurrent operator: whoever asks for it finds another type
  }
  return message;
}

std::vector<OnnxAttributeMessage> attributes_of(const Runtime& runtime, const OrtNode& node) {
  const OrtApi& api = runtime.api();
  std::vector<OnnxAttributeMessage> messages;
  for (const OrtOpAttr* const attribute :
       all_of<const OrtOpAttr*>(runtime, node, api.Node_GetNumAttributes, api.Node_GetAttributes)) {
    messages.push_back(attribute_message(runtime, *attribute));
  }
  return messages;
}

/// Takes away the default that the runtime has written into an RNN without functions: it has those of two directions.
void drop_default_activations(OnnxNodeMessage& node) {
  if (node.op_type.rfind("RNN", 0) != 0) return;
  const std::vector<std::string> both{"Tanh", "Tanh"};
  std::erase_if(node.attributes, [&](const OnnxAttributeMessage& attribute) {
    return attribute.name == "activations" && attribute.strings == both;
  });
}

OnnxTensorMessage tensor_message(const Runtime& runtime, const OrtValue& value, const std::string& name) {
  const TensorBytes bytes = bytes_of(runtime, value);
  OnnxTensorMessage message{.name = name, .dims = {bytes.shape.begin(), bytes.shape.end()}, .data_type = bytes.type};
  message.data = [elements = bytes.elements] { return OnnxTensorData{.raw = elements}; };
  return message;
}

std::vector<OnnxTensorMessage> constants_of(const Runtime& runtime, const Values& inputs) {
  std::vector<OnnxTensorMessage> constants;
  for (const OrtValueInfo* const input : inputs) {
    if (input == nullptr) continue;
    bool is_constant = false;
    runtime.check(runtime.api().ValueInfo_IsConstantInitializer(input, &is_constant));
    if (!is_constant) continue;
    const OrtValue* value = nullptr;
    runtime.check(runtime.api().ValueInfo_GetInitializerValue(input, &value));
    if (value != nullptr) constants.push_back(tensor_message(runtime, *value, name_of_value(runtime, input)));
  }
  return constants;
}

}  // namespace

NodeEnds read_ends(const Runtime& runtime, const OrtNode& node) {
  const OrtApi& api = runtime.api();
  const Values outputs = all_of<const OrtValueInfo*>(runtime, node, api.Node_GetNumOutputs, api.Node_GetOutputs);
  return {.inputs = names_of(runtime, inputs_of(runtime, node)), .outputs = names_of(runtime, outputs)};
}

std::optional<GraphNode> read_graph_node(const Runtime& runtime, const OrtNode& node) {
  const auto text = [&](const auto& get) {
    const char* value = nullptr;
    runtime.check(get(&node, &value));
    return std::string(value);
  };
  const OrtApi& api = runtime.api();
  GraphNode result{.message = {.op_type = text(api.Node_GetOperatorType), .domain = text(api.Node_GetDomain)}};
  if (!is_stream(result) && !recurrent_kind(result.message)) return std::nullopt;
  NodeEnds ends = read_ends(runtime, node);
  result.message.name = text(api.Node_GetName);
  result.message.inputs = std::move(ends.inputs);
  result.message.outputs = std::move(ends.outputs);
  result.message.attributes = attributes_of(runtime, node);
  drop_default_activations(result.message);
  result.name = name_of(result.message);
  result.constants = constants_of(runtime, inputs_of(runtime, node));
  return result;
}

OnnxNode recurrent_node(const GraphNode& node) {
  OnnxModelMessage model;
  model.graph.nodes.push_back(node.message);
  model.graph.initializers = node.constants;
  for (const std::string& input : node.message.inputs) {
    const auto is_input = [&](const OnnxTensorMessage& constant) { return constant.name == input; };
    if (input.empty() || std::any_of(node.constants.begin(), node.constants.end(), is_input)) continue;
    model.graph.inputs.push_back({.name = input});
  }
  return read_onnx(std::move(model), "the model").nodes.at(0);
}

}  // namespace rondo::ort
