/// Follows values of an ONNX model back through operators that change nothing but the layout.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "formats/onnx/folding/axis_letters.h"
#include "formats/onnx/onnx_source.h"

namespace rondo {

/// The nodes between X of a recurrent node and what it comes from, from there on.
struct OnnxLink {
  OnnxPlace source = {};
  const OnnxPlacedNode* from = nullptr;  ///< the recurrent node whose Y the source is
  std::vector<OnnxPlace> changes = {};   ///< each is the output of a node that changes the layout
};

/// How X of a node stands in the model's input, and of an unknown order where X comes from.
struct OnnxFoundOrder {
  OnnxInputOrder order = OnnxInputOrder::unknown;
  std::string reason = {};
};

/// Uses scopes, a folder and recurrent nodes that must outlive it.
class OnnxLinks {
 public:
  OnnxLinks(OnnxScopes& scopes, Folder& folder, const std::vector<OnnxPlacedNode>& placed);

  /// The operators that a link may have, as a text.
  static const char* layout_operators();
  /// A value for a message: "'x', which MatMul 'm' computes".
  static std::string described(const OnnxPlace& place);

  /// Follows X of a node back to a recurrent node, or to something else.
  OnnxLink link_of(const OnnxPlacedNode& placed) const;
  /// Whether what a change makes of the axes is known, and has whole axes.
  bool apply(const OnnxPlace& change, std::vector<LetterAxis>& axes);
  /// How X of a node stands in the input of the model that it comes from.
  OnnxFoundOrder input_order(const OnnxPlacedNode& placed);
  /// The recurrent node that a node is; null for another node.
  const OnnxPlacedNode* recurrent(const OnnxNodeMessage* node, const OnnxScope* scope) const;

 private:
  MaybeIntegers integers(const OnnxPlace& change, const std::string& attribute);
  bool apply_known(const OnnxPlace& change, std::vector<LetterAxis>& axes);
  OnnxInputOrder order_of(const OnnxLink& link);

  OnnxScopes& scopes_;
  Folder& folder_;
  std::map<std::pair<const OnnxNodeMessage*, const OnnxScope*>, const OnnxPlacedNode*> by_node_;
};

}  // namespace rondo
