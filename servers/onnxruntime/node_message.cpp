#include "node_message.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "call.h"

namespace rondo::ort {
namespace {

/// What `count` counts, as `fill` writes it.
template <typename Element, typename Count, typename Fill>
std::vector<Element> all_of(const Runtime& runtime, const OrtNode& node, const Count& count, const Fill& fill) {
  std::size_t size = 0;
  runtime.check(count(&node, &size));
  std::vector<Element> all(size);
  if (size > 0) runtime.check(fill(&node, all.data(), size));
  return all;
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

/// The message of a tensor that `owner` keeps; null: the graph does.
OnnxTensorMessage tensor_message(const Runtime& runtime, const OrtValue& value, const std::string& name,
                                 const std::shared_ptr<const void>& owner) {
  const TensorBytes bytes = bytes_of(runtime, value);
  OnnxTensorMessage message{.name = name, .dims = {bytes.shape.begin(), bytes.shape.end()}, .data_type = bytes.type};
  message.data = [elements = bytes.elements, owner] { return OnnxTensorData{.owner = owner, .raw = elements}; };
  return message;
}

std::optional<OnnxTensorMessage> tensor_of(const Runtime& runtime, const OrtOpAttr& attribute,
                                           const std::string& name) {
  OrtValue* value = nullptr;
  runtime.check(runtime.api().OpAttr_GetTensorAttributeAsOrtValue(&attribute, &value));
  if (value == nullptr) return std::nullopt;
  const std::shared_ptr<OrtValue> owner(value, runtime.api().ReleaseValue);
  return tensor_message(runtime, *owner, name, owner);
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
    case ORT_OP_ATTR_TENSOR: message.t = tensor_of(runtime, attribute, message.name); break;
    default: break;  // bodies: no operator that is read here has one
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

}  // namespace

Values inputs_of(const Runtime& runtime, const OrtNode& node) {
  const OrtApi& api = runtime.api();
  return all_of<const OrtValueInfo*>(runtime, node, api.Node_GetNumInputs, api.Node_GetInputs);
}

Values outputs_of(const Runtime& runtime, const OrtNode& node) {
  const OrtApi& api = runtime.api();
  return all_of<const OrtValueInfo*>(runtime, node, api.Node_GetNumOutputs, api.Node_GetOutputs);
}

std::string name_of_value(const Runtime& runtime, const OrtValueInfo* value) {
  if (value == nullptr) return {};
  const char* name = nullptr;
  runtime.check(runtime.api().GetValueInfoName(value, &name));
  return name;
}

NodeEnds read_ends(const Runtime& runtime, const OrtNode& node) {
  return {.inputs = names_of(runtime, inputs_of(runtime, node)),
          .outputs = names_of(runtime, outputs_of(runtime, node))};
}

OnnxNodeMessage operator_message(const Runtime& runtime, const OrtNode& node) {
  const auto text = [&](const auto& get) {
    const char* value = nullptr;
    runtime.check(get(&node, &value));
    return std::string(value);
  };
  return {.op_type = text(runtime.api().Node_GetOperatorType), .domain = text(runtime.api().Node_GetDomain)};
}

OnnxNodeMessage node_message(const Runtime& runtime, const OrtNode& node) {
  OnnxNodeMessage message = operator_message(runtime, node);
  const char* name = nullptr;
  runtime.check(runtime.api().Node_GetName(&node, &name));
  message.name = name;
  NodeEnds ends = read_ends(runtime, node);
  message.inputs = std::move(ends.inputs);
  message.outputs = std::move(ends.outputs);
  message.attributes = attributes_of(runtime, node);
  return message;
}

std::optional<OnnxTensorMessage> constant_message(const Runtime& runtime, const OrtValueInfo& value) {
  bool is_constant = false;
  runtime.check(runtime.api().ValueInfo_IsConstantInitializer(&value, &is_constant));
  if (!is_constant) return std::nullopt;
  const OrtValue* elements = nullptr;
  runtime.check(runtime.api().ValueInfo_GetInitializerValue(&value, &elements));
  if (elements == nullptr) return std::nullopt;
  return tensor_message(runtime, *elements, name_of_value(runtime, &value), nullptr);
}

std::int64_t standard_opset(const Runtime& runtime, const OrtNode& node) {
  const OrtApi& api = runtime.api();
  const OrtGraph* graph = nullptr;
  runtime.check(api.Node_GetGraph(&node, &graph));
  if (graph == nullptr) return 0;
  std::size_t count = 0;
  runtime.check(api.Graph_GetNumOperatorSets(graph, &count));
  std::vector<const char*> domains(count);
  std::vector<std::int64_t> versions(count);
  if (count > 0) runtime.check(api.Graph_GetOperatorSets(graph, domains.data(), versions.data(), count));
  for (std::size_t k = 0; k < count; ++k) {
    if (is_standard_onnx(domains[k])) return versions[k];
  }
  return 0;
}

}  // namespace rondo::ort
