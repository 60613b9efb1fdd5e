#include "formats/onnx/onnx_operator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "formats/containers/input_file.h"
#include "formats/onnx/onnx_activations.h"
#include "recurrence/dispatch_cell.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::array kDirections{OnnxDirection::forward, OnnxDirection::reverse, OnnxDirection::bidirectional};

/// The attributes of a node by name, each read as the type that the operator gives it.
class Attributes {
 public:
  Attributes(const OnnxNodeMessage& node, const std::string& where) : node_(node), where_(where) {}

  std::string where(const std::string& name) const { return where_ + ": attribute '" + name + "'"; }

  const OnnxAttributeMessage* find(const std::string& name) const {
    const auto& all = node_.attributes;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& entry) { return entry.name == name; });
    return found == all.end() ? nullptr : &*found;
  }

  std::optional<std::int64_t> integer(const std::string& name) const {
    const OnnxAttributeMessage* const attribute = find(name);
    if (attribute == nullptr) return std::nullopt;
    if (!attribute->i) throw ValueError(where(name), "another type", "an integer");
    return attribute->i;
  }

  /// An integer that is 0 or 1; 0 if the attribute is absent.
  bool flag(const std::string& name) const {
    const std::int64_t value = integer(name).value_or(0);
    if (value != 0 && value != 1) throw ValueError(where(name), std::to_string(value), "0 or 1");
    return value == 1;
  }

  std::optional<double> number(const std::string& name) const {
    const OnnxAttributeMessage* const attribute = find(name);
    if (attribute == nullptr) return std::nullopt;
    if (!attribute->f) throw ValueError(where(name), "another type", "a float");
    return attribute->f;
  }

  std::string text(const std::string& name, const std::string& fallback) const {
    const OnnxAttributeMessage* const attribute = find(name);
    if (attribute == nullptr) return fallback;
    if (!attribute->s) throw ValueError(where(name), "another type", "a string");
    return *attribute->s;
  }

  std::vector<std::string> texts(const std::string& name) const {
    const OnnxAttributeMessage* const attribute = find(name);
    if (attribute == nullptr) return {};
    return attribute->strings;
  }

  std::vector<float> numbers(const std::string& name) const {
    const OnnxAttributeMessage* const attribute = find(name);
    if (attribute == nullptr) return {};
    return attribute->floats;
  }

  void check_names(const std::vector<std::string>& known) const {
    for (const OnnxAttributeMessage& attribute : node_.attributes) {
      if (std::find(known.begin(), known.end(), attribute.name) != known.end()) continue;
      throw ValueError(where_ + ": attribute", "'" + attribute.name + "'", "one of " + listed(known));
    }
  }

 private:
  const OnnxNodeMessage& node_;
  const std::string& where_;
};

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The number of functions of a direction: one for the gates, if the cell has gates, one for the candidate, and one for
/// c.
std::size_t function_count(CellKind kind) {
  return dispatch_plain_cell({.kind = kind}, []<typename Formula>(FormulaTag<Formula>) -> std::size_t {
    return (Formula::kHasGateActivation ? 1 : 0) + Formula::kStates;
  });
}

OnnxActivations default_activations(CellKind kind) {
  return {.f = kind == CellKind::simple_rnn ? Activation::tanh : Activation::sigmoid};
}

std::vector<OnnxActivations> parse_activations(const Attributes& attributes, const OnnxOperator& op) {
  const std::vector<std::string> names = attributes.texts("activations");
  if (names.empty()) return {};
  const std::string where = attributes.where("activations");
  const std::size_t each = function_count(op.kind);
  const std::size_t expected = each * static_cast<std::size_t>(direction_count(op.direction));
  if (names.size() != expected) {
    throw ValueError(where, std::to_string(names.size()) + " of them",
                     std::to_string(expected) + " for a " + to_string(op.direction) + " " + to_string(op.kind));
  }
  OnnxParameters alphas(attributes.numbers("activation_alpha"));
  OnnxParameters betas(attributes.numbers("activation_beta"));
  std::vector<OnnxActivations> result;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (k % each == 0) result.push_back(default_activations(op.kind));
    const std::array functions{&result.back().f, &result.back().g, &result.back().h};
    *functions[k % each] = parse_onnx_activation(names[k], alphas, betas, where);
  }
  return result;
}

OnnxDirection parse_direction(const Attributes& attributes) {
  const std::string name = attributes.text("direction", "forward");
  for (const OnnxDirection direction : kDirections) {
    if (lower_case(name) == to_string(direction)) return direction;
  }
  throw ValueError(attributes.where("direction"), "'" + name + "'", "'forward', 'reverse' or 'bidirectional'");
}

std::vector<std::string> known_attributes(CellKind kind) {
  std::vector<std::string> names{"activation_alpha", "activation_beta", "activations", "clip",
                                 "direction",        "hidden_size",     "layout",      "output_sequence"};
  if (kind == CellKind::gru) names.emplace_back("linear_before_reset");
  if (kind == CellKind::lstm) names.emplace_back("input_forget");
  return names;
}

}  // namespace

std::string to_string(OnnxDirection direction) {
  switch (direction) {
    case OnnxDirection::forward: return "forward";
    case OnnxDirection::reverse: return "reverse";
    case OnnxDirection::bidirectional: return "bidirectional";
  }
  throw ValueError("direction", std::to_string(static_cast<int>(direction)), "one of the OnnxDirection values");
}

int direction_count(OnnxDirection direction) { return direction == OnnxDirection::bidirectional ? 2 : 1; }

std::vector<OnnxActivations> activations_of(const OnnxOperator& op) {
  const auto D = static_cast<std::size_t>(direction_count(op.direction));
  if (op.activations.empty()) return std::vector(D, default_activations(op.kind));
  if (op.activations.size() == D) return op.activations;
  throw ValueError("activations", "those of " + std::to_string(op.activations.size()) + " directions",
                   std::to_string(D) + ", or none for the defaults");
}

OnnxOperator parse_onnx_operator(const OnnxNodeMessage& node, CellKind kind, const std::string& where) {
  const Attributes attributes(node, where);
  attributes.check_names(known_attributes(kind));
  OnnxOperator op{.kind = kind, .direction = parse_direction(attributes)};
  if (const std::optional<std::int64_t> H = attributes.integer("hidden_size")) {
    if (*H < 1) throw ValueError(attributes.where("hidden_size"), std::to_string(*H), "at least 1");
    op.hidden_size = *H;
  }
  op.batch_major = attributes.flag("layout");
  if (kind == CellKind::gru) op.linear_before_reset = attributes.integer("linear_before_reset").value_or(0) != 0;
  if (kind == CellKind::lstm) op.input_forget = attributes.flag("input_forget");
  op.clip = attributes.number("clip");
  if (op.clip && !(*op.clip > 0)) {
    throw ValueError(attributes.where("clip"), std::to_string(*op.clip), "a number above 0");
  }
  op.activations = parse_activations(attributes, op);
  return op;
}

}  // namespace rondo
