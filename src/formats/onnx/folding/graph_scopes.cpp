#include "formats/onnx/folding/graph_scopes.h"

#include <algorithm>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::size_t kMostScopes = 20000;
constexpr std::size_t kLargestSize = std::size_t{1} << 22;

std::string key_of(const std::string& domain, const std::string& name, const std::string& overload) {
  return (is_standard_onnx(domain) ? std::string() : domain) + '\0' + name + '\0' + overload;
}

bool refers(const OnnxNodeMessage& node) {
  return std::any_of(node.attributes.begin(), node.attributes.end(),
                     [](const OnnxAttributeMessage& attribute) { return !attribute.reference.empty(); });
}

const OnnxAttributeMessage* find(const std::vector<OnnxAttributeMessage>& attributes, const std::string& name) {
  const auto found =
      std::find_if(attributes.begin(), attributes.end(), [&](const auto& entry) { return entry.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

/// A copy of a node of a function, with the values of attributes that the call or the function's defaults have.
OnnxNodeMessage bound_node(const OnnxNodeMessage& node, const OnnxScope& call) {
  OnnxNodeMessage result = node;
  result.attributes.clear();
  for (const OnnxAttributeMessage& attribute : node.attributes) {
    if (attribute.reference.empty()) {
      result.attributes.push_back(attribute);
      continue;
    }
    const OnnxAttributeMessage* value = find(call.call->attributes, attribute.reference);
    if (value == nullptr) value = find(call.function->defaults, attribute.reference);
    if (value == nullptr) continue;  // neither has it: the node has its operator's default
    result.attributes.push_back(*value);
    result.attributes.back().name = attribute.name;
  }
  return result;
}

/// How many numbers and letters a copy of a node takes.
std::size_t size_of_copy(const OnnxNodeMessage& node) {
  std::size_t size = 1 + node.inputs.size() + node.outputs.size();
  for (const OnnxAttributeMessage& attribute : node.attributes) {
    size += 1 + attribute.floats.size() + attribute.ints.size() + (attribute.s ? attribute.s->size() : 0);
    for (const std::string& text : attribute.strings) size += 1 + text.size();
  }
  return size;
}

}  // namespace

std::string name_of(const OnnxNodeMessage& node) {
  if (!node.name.empty()) return node.name;
  for (const std::string& output : node.outputs) {
    if (!output.empty()) return output;
  }
  return {};
}

OnnxScopes::OnnxScopes(const OnnxModelMessage& model, std::string file) : file_(std::move(file)) {
  for (const OnnxFunctionMessage& function : model.functions) {
    functions_[key_of(function.domain, function.name, function.overload)] = &function;
  }
  main_ = &scopes_.emplace_back();
  fill(*main_, model.graph);
}

OnnxScope& OnnxScopes::add(OnnxScope& parent, const std::string& name, const void* key) {
  OnnxScope*& known = known_[{&parent, key}];
  if (known != nullptr) return *known;
  if (parent.depth >= kDeepestOnnxGraph) {
    throw ValueError(file_ + ": '" + parent.path + name + "'",
                     "graphs or functions inside of each other without an end",
                     "a depth of at most " + std::to_string(kDeepestOnnxGraph));
  }
  if (scopes_.size() >= kMostScopes) {
    throw ValueError(file_, "a model of more graphs and calls of functions", "at most " + std::to_string(kMostScopes));
  }
  known = &scopes_.emplace_back();
  known->path = parent.path + name + "/";
  known->depth = parent.depth + 1;
  return *known;
}

void OnnxScopes::add_size(std::size_t size) {
  size_ += size;
  if (size_ > kLargestSize) {
    throw ValueError(file_, "bodies and calls of functions with very many nodes",
                     "at most " + std::to_string(kLargestSize));
  }
}

void OnnxScopes::put_nodes(OnnxScope& scope, const std::vector<OnnxNodeMessage>& nodes) {
  if (scope.depth > 0) add_size(nodes.size());
  for (const OnnxNodeMessage& original : nodes) {
    const OnnxNodeMessage* node = &original;
    if (scope.bindings != nullptr && refers(original)) {
      add_size(size_of_copy(original));
      node = &scope.bound.emplace_back(bound_node(original, *scope.bindings));
    }
    scope.nodes.push_back(node);
    for (std::size_t k = 0; k < node->outputs.size(); ++k) {
      if (node->outputs[k].empty()) continue;
      OnnxProducer& producer = scope.producers[node->outputs[k]];
      const bool is_first = producer.kind == OnnxProducer::Kind::none;
      producer = {.kind = is_first ? OnnxProducer::Kind::node : OnnxProducer::Kind::several, .node = node, .index = k};
    }
  }
}

void OnnxScopes::fill(OnnxScope& scope, const OnnxGraphMessage& graph) {
  for (const OnnxValueMessage& value : graph.inputs) {
    scope.producers[value.name] = {.kind = OnnxProducer::Kind::input};
    if (value.rank) scope.ranks[value.name] = *value.rank;
  }
  for (const OnnxValueMessage& value : graph.values) {
    if (value.rank) scope.ranks[value.name] = *value.rank;
  }
  // Older models list initializers among the inputs, too.
  for (const OnnxTensorMessage& tensor : graph.initializers) {
    scope.producers[tensor.name] = {.kind = OnnxProducer::Kind::initializer, .tensor = &tensor};
  }
  scope.outputs = graph.outputs;
  put_nodes(scope, graph.nodes);
}

OnnxScope& OnnxScopes::body(OnnxScope& scope, const OnnxNodeMessage& node, const OnnxAttributeMessage& attribute,
                            std::size_t index) {
  std::string name = name_of(node) + "/" + attribute.name;
  if (attribute.graphs.size() > 1) name += "#" + std::to_string(index);
  const OnnxGraphMessage& graph = *attribute.graphs[index];
  OnnxScope& result = add(scope, name, &graph);
  if (result.outer != nullptr) return result;
  result.outer = &scope;
  result.function = scope.function;
  result.bindings = scope.bindings;
  fill(result, graph);
  return result;
}

const OnnxFunctionMessage* OnnxScopes::callee(const OnnxNodeMessage& node) const {
  if (functions_.empty()) return nullptr;
  const auto found = functions_.find(key_of(node.domain, node.op_type, node.overload));
  return found == functions_.end() ? nullptr : found->second;
}

OnnxScope& OnnxScopes::call(OnnxScope& scope, const OnnxNodeMessage& node) {
  OnnxScope& result = add(scope, name_of(node), &node);
  if (result.caller != nullptr) return result;
  result.caller = &scope;
  result.call = &node;
  result.function = callee(node);
  result.bindings = &result;
  for (std::size_t k = 0; k < result.function->inputs.size(); ++k) {
    result.producers[result.function->inputs[k]] = {.kind = OnnxProducer::Kind::argument, .index = k};
  }
  result.outputs = result.function->outputs;
  put_nodes(result, result.function->nodes);
  return result;
}

OnnxPlace OnnxScopes::find(OnnxScope& scope, const std::string& name) const {
  OnnxPlace place{.scope = &scope, .name = name};
  while (place.scope != nullptr) {
    const auto found = place.scope->producers.find(place.name);
    if (found == place.scope->producers.end()) {
      place.scope = place.scope->outer;
      continue;
    }
    place.producer = found->second;
    if (place.producer.kind != OnnxProducer::Kind::argument) return place;
    const OnnxNodeMessage& call = *place.scope->call;
    place.name = place.producer.index < call.inputs.size() ? call.inputs[place.producer.index] : std::string();
    place.scope = place.scope->caller;
    place.producer = {};
  }
  place.scope = &scope;
  place.name = name;
  return place;
}

}  // namespace rondo
