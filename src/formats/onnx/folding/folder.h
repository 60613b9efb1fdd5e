/// Computes what is known of the values of an ONNX model before it runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "formats/onnx/folding/fold_call.h"
#include "formats/onnx/folding/graph_scopes.h"

namespace rondo {

/// Keeps each value that was asked for. The time is linear in the number of nodes behind a value, however deep they
/// are, and the memory is bounded by FoldBudget. A cycle makes its values unknown.
class Folder {
 public:
  Folder(OnnxScopes& scopes, std::int64_t opset) : scopes_(scopes), opset_(opset) {}

  /// What is known of a name that a node in `scope` reads. The value stays where it is as long as the folder lives.
  FoldedValue& value(OnnxScope& scope, const std::string& name);
  /// Gives an unknown value these sizes, before anything that depends on them was asked for.
  void assume(OnnxScope& scope, const std::string& name, const std::vector<std::int64_t>& sizes);
  /// All elements of a value, row-major. Throws Unfoldable, or `ValueError` for elements that cannot be read.
  Tensor tensor(FoldedValue& value, const std::string& name);

 private:
  enum class State : std::uint8_t { fresh, waiting, done };
  struct Entry {
    State state = State::fresh;
    FoldedValue value;
    std::vector<OnnxPlace> needs;  ///< while waiting
  };
  using Key = std::pair<const OnnxScope*, std::string>;

  Entry& entry(const OnnxPlace& place) { return entries_[Key(place.scope, place.name)]; }
  std::vector<OnnxPlace> needs_of(const OnnxPlace& place);
  void settle(const OnnxPlace& place, Entry& entry);
  void settle_node(const OnnxPlace& place);
  std::vector<FoldedValue> fold(const OnnxPlace& place, const std::vector<OnnxPlace>& needs);

  OnnxScopes& scopes_;
  std::int64_t opset_;
  FoldBudget budget_;
  std::map<Key, Entry> entries_;
};

}  // namespace rondo
