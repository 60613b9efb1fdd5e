#include "formats/onnx/folding/folder.h"

#include "formats/onnx/message/onnx_tensor.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Reasons name the operands of operands; a chain of thousands of nodes would give a text without an end.
/// The beginning says what is wanted, the end what is wrong.
constexpr std::size_t kReasonStart = 100;
constexpr std::size_t kReasonEnd = 160;

std::string shortened(const std::string& text) {
  if (text.size() <= kReasonStart + kReasonEnd) return text;
  return text.substr(0, kReasonStart) + " ... " + text.substr(text.size() - kReasonEnd);
}

std::string title(const OnnxNodeMessage& node) {
  const std::string domain = is_standard_onnx(node.domain) ? "" : node.domain + ".";
  return domain + node.op_type + " '" + name_of(node) + "'";
}

bool is_foldable(const OnnxNodeMessage& node) {
  return is_standard_onnx(node.domain) && fold_function(node.op_type) != nullptr;
}

std::string reason_of(const OnnxProducer& producer) {
  switch (producer.kind) {
    case OnnxProducer::Kind::none: return "nothing in the model makes";
    case OnnxProducer::Kind::several: return "several nodes make";
    case OnnxProducer::Kind::input: return "is an input of the graph";
    default: return title(*producer.node) + " computes";
  }
}

/// What is known of the rank of an output that cannot be folded.
std::optional<int> rank_of(const OnnxPlace& place, const std::vector<FoldedValue*>& inputs) {
  const auto found = place.scope->ranks.find(place.name);
  if (found != place.scope->ranks.end()) return found->second;
  if (place.producer.kind != OnnxProducer::Kind::node) return std::nullopt;
  const std::string& op = place.producer.node->op_type;
  if (op == "Shape") return 1;
  const bool keeps = op == "Identity" || op == "Cast" || op == "Abs" || op == "Transpose";
  if (keeps && !inputs.empty() && inputs[0] != nullptr && inputs[0]->is_unknown()) return inputs[0]->rank;
  return std::nullopt;
}

}  // namespace

FoldedValue& Folder::value(OnnxScope& scope, const std::string& name) {
  const OnnxPlace asked = scopes_.find(scope, name);
  // Not by recursion: a model may have a chain of any number of nodes.
  std::vector<OnnxPlace> stack{asked};
  while (!stack.empty()) {
    const OnnxPlace place = stack.back();
    Entry& current = entry(place);
    if (current.state == State::done) {
      stack.pop_back();
    } else if (current.state == State::waiting) {
      stack.pop_back();
      settle(place, current);
    } else {
      current.state = State::waiting;
      current.needs = needs_of(place);
      for (const OnnxPlace& need : current.needs) {
        if (need.scope != nullptr && entry(need).state == State::fresh) stack.push_back(need);
      }
    }
  }
  return entry(asked).value;
}

void Folder::assume(OnnxScope& scope, const std::string& name, const std::vector<std::int64_t>& sizes) {
  Entry& found = entry(scopes_.find(scope, name));
  found.state = State::done;
  found.value = unknown_value("only a run makes", static_cast<int>(sizes.size()));
  found.value.assumed = sizes;
}

Tensor Folder::tensor(FoldedValue& value, const std::string& name) {
  read_elements(value, name, budget_);
  if (!value.is_tensor()) throw Unfoldable{"from '" + name + "', which depends on the inputs of the graph"};
  if (!value.elements->is_contiguous()) {
    budget_.charge(value.elements->shape(), value.elements->dtype());
    value.elements = value.elements->contiguous();
  }
  return *value.elements;
}

std::vector<OnnxPlace> Folder::needs_of(const OnnxPlace& place) {
  if (place.producer.kind != OnnxProducer::Kind::node) return {};
  const OnnxNodeMessage& node = *place.producer.node;
  std::vector<OnnxPlace> needs;
  if (scopes_.callee(node) != nullptr) {
    OnnxScope& call = scopes_.call(*place.scope, node);
    if (place.producer.index < call.outputs.size()) {
      needs.push_back(scopes_.find(call, call.outputs[place.producer.index]));
    }
  } else if (is_foldable(node)) {
    for (const std::string& input : node.inputs) {
      needs.push_back(input.empty() ? OnnxPlace() : scopes_.find(*place.scope, input));
    }
  }
  return needs;
}

void Folder::settle(const OnnxPlace& place, Entry& current) {
  if (place.producer.kind == OnnxProducer::Kind::node) return settle_node(place);
  current.state = State::done;
  if (place.producer.kind != OnnxProducer::Kind::initializer) {
    current.value = unknown_value(reason_of(place.producer), rank_of(place, {}));
    return;
  }
  const OnnxTensorMessage* const message = place.producer.tensor;
  const std::string where = scopes_.file() + ": tensor '" + place.scope->path + place.name + "'";
  current.value.rank = static_cast<int>(message->dims.size());
  current.value.load = [message, where] { return onnx_tensor(*message, where); };
}

/// Settles all outputs of the node that makes `place`.
void Folder::settle_node(const OnnxPlace& place) {
  const OnnxNodeMessage& node = *place.producer.node;
  const std::vector<OnnxPlace> needs = std::move(entry(place).needs);
  entry(place).needs.clear();
  if (scopes_.callee(node) != nullptr) {  // each output of a call has needs of its own
    Entry& mine = entry(place);
    mine.state = State::done;
    if (needs.empty() || entry(needs[0]).state != State::done) {
      mine.value = unknown_value(reason_of(place.producer));
    } else {
      mine.value = entry(needs[0]).value;
    }
    return;
  }
  std::vector<FoldedValue> results = fold(place, needs);
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    if (node.outputs[k].empty()) continue;
    Entry& output = entry({.scope = place.scope, .name = node.outputs[k]});
    if (output.state == State::done) continue;
    output.state = State::done;
    output.value = k < results.size() ? std::move(results[k]) : unknown_value(reason_of(place.producer));
  }
}

std::vector<FoldedValue> Folder::fold(const OnnxPlace& place, const std::vector<OnnxPlace>& needs) {
  const OnnxNodeMessage& node = *place.producer.node;
  std::vector<FoldedValue*> inputs;
  FoldedValue cycle = unknown_value("depends on itself");
  for (const OnnxPlace& need : needs) {
    const bool is_there = need.scope != nullptr;
    Entry* const found = is_there ? &entry(need) : nullptr;
    inputs.push_back(!is_there ? nullptr : found->state == State::done ? &found->value : &cycle);
  }
  std::string text = title(node) + " computes";
  if (is_foldable(node)) {
    try {
      return fold_function(node.op_type)(FoldCall(node, opset_, inputs, budget_));
    } catch (const Unfoldable& reason) {
      text += " " + reason.text;
    } catch (const ValueError& error) {
      text += std::string(" (") + error.what() + ")";
    }
  }
  return std::vector<FoldedValue>(node.outputs.size(), unknown_value(shortened(text), rank_of(place, inputs)));
}

}  // namespace rondo
