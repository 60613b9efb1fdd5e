/// What is known of a value of an ONNX graph before the graph runs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// A value of a graph. It is one of:
///   - unknown: `reason` says why, and no more is known than the rank;
///   - a tensor: all elements are known;
///   - a tensor of integers with a mask: elements of a shape, some of which depend on the inputs of the graph;
///   - a tensor of which some axes are repeated, and only a run of the graph says how often;
///   - a fill: one number everywhere, whatever the shape.
struct FoldedValue {
  std::string reason = {};  ///< as the end of "'name', which ..."; empty unless the value is unknown
  std::optional<int> rank = std::nullopt;
  std::optional<std::vector<std::int64_t>> assumed = std::nullopt;  ///< sizes of an unknown value, by Folder::assume
  std::optional<Tensor> elements = std::nullopt;                    ///< a fill has one element and rank 0
  std::function<Tensor()> load = {};          ///< in place of `elements`, until they are asked for
  std::optional<Tensor> mask = std::nullopt;  ///< boolean, of the shape of `elements`: which of them are known
  std::vector<bool> repeated = {};            ///< by axis of `elements`, which have size 1 there; empty: none is
  bool fill = false;

  bool is_unknown() const { return !reason.empty(); }
  /// Whether all elements are known.
  bool is_tensor() const { return !is_unknown() && !mask && repeated.empty() && !fill; }
};

inline FoldedValue unknown_value(std::string reason, std::optional<int> rank = std::nullopt) {
  return {.reason = std::move(reason), .rank = rank};
}

inline FoldedValue value_of(Tensor tensor) { return {.elements = std::move(tensor)}; }

/// `number` has one element.
inline FoldedValue fill_of(const Tensor& number) { return {.elements = number.reshape(Shape()), .fill = true}; }

/// A number of a shape: known, or not.
using FoldedSize = std::optional<std::int64_t>;

}  // namespace rondo
