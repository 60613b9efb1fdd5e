#include "formats/onnx/onnx_links.h"

#include <algorithm>
#include <array>
#include <set>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::size_t kMostChanges = 64;  // exporters write five; many nodes may share one link

bool changes_layout(const OnnxNodeMessage& node) {
  constexpr std::array kNames{"Transpose", "Squeeze", "Unsqueeze", "Reshape", "Identity"};
  return is_standard_onnx(node.domain) && std::find(kNames.begin(), kNames.end(), node.op_type) != kNames.end();
}

}  // namespace

OnnxLinks::OnnxLinks(OnnxScopes& scopes, Folder& folder, const std::vector<OnnxPlacedNode>& placed)
    : scopes_(scopes), folder_(folder) {
  for (const OnnxPlacedNode& one : placed) by_node_[{one.node, one.scope}] = &one;
}

const char* OnnxLinks::layout_operators() { return "Transpose, Squeeze, Unsqueeze, Reshape or Identity"; }

const OnnxPlacedNode* OnnxLinks::recurrent(const OnnxNodeMessage* node, const OnnxScope* scope) const {
  const auto found = by_node_.find({node, scope});
  return found == by_node_.end() ? nullptr : found->second;
}

OnnxLink OnnxLinks::link_of(const OnnxPlacedNode& placed) const {
  OnnxLink link;
  OnnxPlace place = scopes_.find(*placed.scope, placed.node->inputs[0]);
  // A cycle would have no end.
  for (std::set<std::string> seen; seen.insert(place.scope->path + place.name).second;) {
    if (place.producer.kind != OnnxProducer::Kind::node) break;
    const OnnxNodeMessage& node = *place.producer.node;
    link.from = place.producer.index == 0 ? recurrent(&node, place.scope) : nullptr;
    if (link.from != nullptr || !changes_layout(node) || node.inputs.empty()) break;
    if (link.changes.size() == kMostChanges) break;
    link.changes.push_back(place);
    place = scopes_.find(*place.scope, node.inputs[0]);
  }
  std::reverse(link.changes.begin(), link.changes.end());
  link.source = place;
  return link;
}

/// The integers that a node has as an attribute or as an input; no value if it has none. Throws as Folder::tensor.
MaybeIntegers OnnxLinks::integers(const OnnxPlace& change, const std::string& attribute) {
  const OnnxNodeMessage& node = *change.producer.node;
  for (const OnnxAttributeMessage& each : node.attributes) {
    if (each.name == attribute) return each.ints;
  }
  if (node.inputs.size() < 2 || node.inputs[1].empty()) return std::nullopt;
  const Tensor tensor = folder_.tensor(folder_.value(*change.scope, node.inputs[1]), node.inputs[1]);
  if (tensor.rank() > 1 || tensor.numel() > kMaxRank || is_floating(tensor.dtype())) throw Unfoldable{};
  return tensor.to(DType::i64).to_vector<std::int64_t>();
}

bool OnnxLinks::apply(const OnnxPlace& change, std::vector<LetterAxis>& axes) {
  try {
    return apply_known(change, axes);
  } catch (const Unfoldable&) {
  } catch (const ValueError&) {  // the node has axes that there are not
  }
  return false;
}

bool OnnxLinks::apply_known(const OnnxPlace& change, std::vector<LetterAxis>& axes) {
  const std::string& op = change.producer.node->op_type;
  if (op == "Identity") return true;
  if (op == "Transpose") return transpose_letters(axes, integers(change, "perm"));
  if (op == "Reshape") return reshape_letters(axes, integers(change, "shape"));
  const auto places = integers(change, "axes");
  return op == "Squeeze" ? squeeze_letters(axes, places) : unsqueeze_letters(axes, places);
}

std::string OnnxLinks::described(const OnnxPlace& place) {
  const std::string name = "'" + place.name + "'";
  if (place.producer.kind != OnnxProducer::Kind::node) return name;
  return name + ", which " + place.producer.node->op_type + " '" + name_of(*place.producer.node) + "' computes";
}

OnnxFoundOrder OnnxLinks::input_order(const OnnxPlacedNode& placed) {
  if (placed.node->inputs.empty() || placed.node->inputs[0].empty()) return {};
  const OnnxLink link = link_of(placed);
  const OnnxInputOrder order = order_of(link);
  if (order != OnnxInputOrder::unknown) return {.order = order};
  std::string reason = described(link.source);
  if (!link.changes.empty()) reason += ", through " + described(link.changes.back());
  return {.reason = reason};
}

OnnxInputOrder OnnxLinks::order_of(const OnnxLink& link) {
  const OnnxScope& main = scopes_.main();
  if (link.source.producer.kind != OnnxProducer::Kind::input || link.source.scope != &main) {
    return OnnxInputOrder::unknown;
  }
  if (link.changes.empty()) return OnnxInputOrder::same;
  const auto rank = main.ranks.find(link.source.name);
  if (rank != main.ranks.end() && rank->second != 3) return OnnxInputOrder::unknown;
  constexpr std::int64_t kFeatures = 1299709;  // a prime, as those of T and B
  std::vector<LetterAxis> axes{{"0", kLetterB}, {"1", kLetterT}, {"2", kFeatures}};
  for (const OnnxPlace& change : link.changes) {
    // A Reshape to fixed sizes would mix steps and rows where they are not those of the input.
    if (change.producer.node->op_type == "Reshape" || !apply(change, axes)) return OnnxInputOrder::unknown;
  }
  std::string order;
  for (const LetterAxis& axis : axes) order += axis.letters + ",";
  if (order == "0,1,2,") return OnnxInputOrder::same;
  return order == "1,0,2," ? OnnxInputOrder::swapped : OnnxInputOrder::unknown;
}

}  // namespace rondo
