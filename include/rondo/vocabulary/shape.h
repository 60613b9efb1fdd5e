/// Shapes and strides: one number per axis, without a heap allocation.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace rondo {

/// The most axes a tensor may have.
inline constexpr int kMaxRank = 8;

/// A short list of numbers, one per axis. An axis may be counted from the end: -1 is the last one, as in NumPy.
class Shape {
 public:
  Shape() = default;
  /// Throws `ValueError` for more than `kMaxRank` numbers.
  Shape(std::initializer_list<std::int64_t> sizes);
  explicit Shape(std::span<const std::int64_t> sizes);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return sizes_[static_cast<std::size_t>(resolve_axis(axis))]; }
  std::int64_t& operator[](int axis) { return sizes_[static_cast<std::size_t>(resolve_axis(axis))]; }
  const std::int64_t* begin() const { return sizes_.data(); }
  const std::int64_t* end() const { return sizes_.data() + rank_; }

  /// `axis` as a number from 0 to rank - 1; throws `ValueError` when there is no such axis.
  int resolve_axis(int axis) const { return axis >= 0 && axis < rank_ ? axis : resolve_from_end(axis); }

  /// The product of all sizes; 1 for rank 0. Throws `ValueError` if the product of the sizes other than 0 overflows, so
  /// that no stride of a shape can overflow.
  std::int64_t numel() const;

  /// A copy with `size` put before `axis` (`axis` may be the rank: append).
  Shape insert(int axis, std::int64_t size) const;

  /// A copy without `axis`.
  Shape erase(int axis) const;

  bool operator==(const Shape& other) const;

 private:
  int resolve_from_end(int axis) const;

  std::array<std::int64_t, kMaxRank> sizes_{};
  int rank_ = 0;
};

/// Distances in elements between neighbours on each axis. Zero repeats an element, a negative number reads backwards.
using Strides = Shape;

/// A shape as Python prints it: "(2, 3)", "(4,)" or "()".
std::string to_string(const Shape& shape);

/// Strides of a row-major tensor without gaps: (2, 3) gives (3, 1).
Strides contiguous_strides(const Shape& shape);

/// NumPy's broadcasting of two shapes, aligned at the last axis. Throws `ValueError` naming both if they disagree.
Shape broadcast_shapes(const Shape& a, const Shape& b);

}  // namespace rondo
