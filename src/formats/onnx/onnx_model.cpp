#include "rondo/formats/onnx_model.h"

#include <algorithm>
#include <utility>

#include "formats/containers/input_file.h"
#include "formats/onnx/message/onnx_message.h"
#include "formats/onnx/message/onnx_tensor.h"
#include "formats/onnx/onnx_links.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Adds the initializers of a graph and of the bodies in it, and counts its other nodes.
void list_graph(const OnnxGraphMessage& graph, const std::string& path, OnnxSource& source, OnnxModel& model) {
  for (const OnnxTensorMessage& tensor : graph.initializers) {
    source.initializers.emplace(path + tensor.name, &tensor);
    model.tensors.push_back({path + tensor.name, describe_onnx(tensor)});
  }
  for (const OnnxNodeMessage& node : graph.nodes) {
    if (!recurrent_kind(node)) {
      ++model.other_operators[(is_standard_onnx(node.domain) ? "" : node.domain + ".") + node.op_type];
    }
    for (const OnnxAttributeMessage& attribute : node.attributes) {
      for (const auto& body : attribute.graphs) {
        list_graph(*body, path + name_of(node) + "/" + attribute.name + "/", source, model);
      }
    }
  }
}

/// Whether `name` is the end of `path`, from a "/" on.
bool is_end_of(const std::string& path, const std::string& name) {
  return !name.empty() && path.size() > name.size() && path.ends_with(name) &&
         path[path.size() - name.size() - 1] == '/';
}

}  // namespace

const OnnxNode& OnnxModel::node(const std::string& name) const {
  std::vector<std::string> names;
  std::vector<const OnnxNode*> ends;
  for (const OnnxNode& known : nodes) {
    if (known.name == name) return known;
    names.push_back(known.name);
    if (is_end_of(known.name, name)) ends.push_back(&known);
  }
  if (ends.size() == 1) return *ends[0];
  throw ValueError(file + ": node", "'" + name + "'" + (ends.empty() ? "" : ", the end of several names"),
                   "one of " + listed(names));
}

Tensor OnnxModel::tensor(const std::string& name) const {
  const std::string where = file + ": tensor '" + name + "'";
  if (source == nullptr) throw ValueError(where, "a model that was not read from a file", "one of load_onnx");
  const auto found = source->initializers.find(name);
  if (found != source->initializers.end()) return onnx_tensor(*found->second, where);
  OnnxScopes scopes(source->message, file);
  if (scopes.find(scopes.main(), name).producer.kind == OnnxProducer::Kind::none) {
    std::vector<std::string> names;
    for (const OnnxTensorInfo& known : tensors) names.push_back(known.name);
    throw ValueError(file + ": tensor", "'" + name + "'", "one of " + listed(names));
  }
  Folder folder(scopes, source->opset);
  FoldedValue& value = folder.value(scopes.main(), name);
  try {
    return folder.tensor(value, name);
  } catch (const Unfoldable& unfoldable) {
    throw ValueError(where, value.is_unknown() ? "what " + value.reason : "what the model computes " + unfoldable.text,
                     "an initializer, or what follows from initializers");
  }
}

OnnxModel read_onnx(OnnxModelMessage message, const std::string& name) {
  OnnxModel model{.file = name, .producer = message.producer_name, .ir_version = message.ir_version};
  for (const OnnxModelMessage::OperatorSet& set : message.opset_import) {
    if (is_standard_onnx(set.domain)) model.opset = set.version;
  }
  const auto source =
      std::make_shared<OnnxSource>(OnnxSource{.message = std::move(message), .file = name, .opset = model.opset});
  list_graph(source->message.graph, "", *source, model);
  OnnxScopes scopes(source->message, name);
  Folder folder(scopes, model.opset);
  const std::vector<OnnxPlacedNode> found = recurrent_nodes(scopes);
  OnnxLinks links(scopes, folder, found);
  for (const OnnxPlacedNode& placed : found) {
    OnnxNode& node = model.nodes.emplace_back(read_node(placed, folder, name));
    const OnnxFoundOrder found_order = links.input_order(placed);
    node.input_order = found_order.order;
    if (!node.reasons.empty()) node.reasons[0] = found_order.reason;
  }
  model.source = source;
  return model;
}

}  // namespace rondo
