/// Trees of values, which `tf.nest` calls nested structures.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/error.h"
#include "rondo/vocabulary/shape.h"

namespace rondo {

/// A leaf, a tuple, a list, or a set of named fields, of any depth. Leaves are flattened depth first, left to right.
/// Named fields keep the order in which they were given, as in Python's namedtuple; `tf.nest` sorts a dict instead.
///
/// `Nest` is a tree of tensors. A Nest converts from and to Tensor, so that a step function written for one input
/// tensor needs no conversion; converting a tree that is not a leaf throws `TypeError`.
template <typename Leaf>
class Tree {
 public:
  enum class Kind { leaf, tuple, list, named };

  /// An empty tuple.
  Tree() = default;
  Tree(Leaf leaf) : kind_(Kind::leaf), leaf_(std::move(leaf)) {}  // NOLINT(google-explicit-constructor)

  static Tree tuple(std::vector<Tree> children) { return Tree(Kind::tuple, {}, std::move(children)); }
  static Tree list(std::vector<Tree> children) { return Tree(Kind::list, {}, std::move(children)); }
  static Tree named(std::vector<std::pair<std::string, Tree>> fields) {
    Tree result(Kind::named, {}, {});
    for (auto& [name, child] : fields) {
      result.names_.push_back(std::move(name));
      result.children_.push_back(std::move(child));
    }
    return result;
  }

  Kind kind() const { return kind_; }
  bool is_leaf() const { return kind_ == Kind::leaf; }

  /// The value of a leaf. Throws `TypeError` for a tree that is not a leaf.
  const Leaf& leaf() const {
    if (!is_leaf()) throw TypeError("nest", "the structure " + structure(), "a single leaf");
    return leaf_;
  }
  operator const Leaf&() const { return leaf(); }  // NOLINT(google-explicit-constructor)

  /// Children of a tuple, list or named tree; none for a leaf.
  const std::vector<Tree>& children() const { return children_; }
  const std::vector<std::string>& names() const { return names_; }
  const Tree& operator[](std::size_t index) const {
    if (index >= children_.size()) {
      throw ValueError("nest index", std::to_string(index), "below the size of " + structure());
    }
    return children_[index];
  }
  const Tree& operator[](const std::string& name) const {
    for (std::size_t k = 0; k < names_.size(); ++k) {
      if (names_[k] == name) return children_[k];
    }
    throw ValueError("nest field", name, "one of " + structure());
  }

  /// Calls `visitor(leaf)` for all leaves, depth first, left to right.
  template <typename Visitor>
  void visit(Visitor&& visitor) const {
    if (is_leaf()) visitor(leaf_);
    for (const Tree& child : children_) child.visit(visitor);
  }

  /// All leaves, depth first, left to right.
  std::vector<Leaf> flatten() const {
    std::vector<Leaf> leaves;
    visit([&](const Leaf& leaf) { leaves.push_back(leaf); });
    return leaves;
  }

  /// A tree of this structure with other leaves; throws `ValueError` when their number is not `leaf_count()`.
  template <typename OtherLeaf>
  Tree<OtherLeaf> pack(const std::vector<OtherLeaf>& leaves) const {
    if (leaves.size() != leaf_count()) {
      throw ValueError("leaves", std::to_string(leaves.size()), std::to_string(leaf_count()) + " for " + structure());
    }
    std::size_t next = 0;
    return map([&](const Leaf&) { return leaves[next++]; });
  }

  /// The tree of `function(leaf)`, called in the order of flatten().
  template <typename Function>
  auto map(Function&& function) const -> Tree<decltype(function(std::declval<const Leaf&>()))> {
    using Result = Tree<decltype(function(std::declval<const Leaf&>()))>;
    if (is_leaf()) return Result(function(leaf_));
    std::vector<Result> mapped;
    mapped.reserve(children_.size());
    for (const Tree& child : children_) mapped.push_back(child.map(function));
    return Result(static_cast<typename Result::Kind>(kind_), names_, std::move(mapped));
  }

  std::size_t leaf_count() const {
    std::size_t count = 0;
    visit([&](const Leaf&) { ++count; });
    return count;
  }

  /// Whether both trees have equal kinds, names and numbers of children at all depths; leaves may have unequal types.
  template <typename OtherLeaf>
  bool same_structure(const Tree<OtherLeaf>& other) const {
    if (static_cast<int>(kind_) != static_cast<int>(other.kind_) || names_ != other.names_) return false;
    if (children_.size() != other.children_.size()) return false;
    for (std::size_t k = 0; k < children_.size(); ++k) {
      if (!children_[k].same_structure(other.children_[k])) return false;
    }
    return true;
  }

  /// The structure as text, with a star for each leaf: "(*, [*, *], {h: *, c: *})".
  std::string structure() const {
    if (is_leaf()) return "*";
    std::string text;
    for (std::size_t k = 0; k < children_.size(); ++k) {
      if (k > 0) text += ", ";
      if (kind_ == Kind::named) text += names_[k] + ": ";
      text += children_[k].structure();
    }
    if (kind_ == Kind::list) return "[" + text + "]";
    if (kind_ == Kind::named) return "{" + text + "}";
    return "(" + text + (children_.size() == 1 ? ",)" : ")");
  }

 private:
  template <typename OtherLeaf>
  friend class Tree;

  Tree(Kind kind, std::vector<std::string> names, std::vector<Tree> children)
      : kind_(kind), names_(std::move(names)), children_(std::move(children)) {}

  Kind kind_ = Kind::tuple;
  Leaf leaf_{};
  std::vector<std::string> names_;
  std::vector<Tree> children_;
};

/// A tree of tensors: inputs, outputs and states of a step function.
using Nest = Tree<Tensor>;

/// A tree of shapes without the batch axis: the `state_size` and `output_size` of a cell.
using SizeNest = Tree<Shape>;

}  // namespace rondo
