#include "rondo/vocabulary/shape.h"

#include <algorithm>

#include "rondo/vocabulary/error.h"

namespace rondo {

Shape::Shape(std::initializer_list<std::int64_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}

Shape::Shape(std::span<const std::int64_t> sizes) {
  if (sizes.size() > kMaxRank) {
    throw ValueError("shape", std::to_string(sizes.size()) + " axes", "at most " + std::to_string(kMaxRank));
  }
  std::copy(sizes.begin(), sizes.end(), sizes_.begin());
  rank_ = static_cast<int>(sizes.size());
}

int Shape::resolve_from_end(int axis) const {
  if (axis < -rank_ || axis >= 0) {
    throw ValueError("axis", std::to_string(axis), "an axis of a rank " + std::to_string(rank_) + " shape");
  }
  return axis + rank_;
}

std::int64_t Shape::numel() const {
  std::int64_t product = 1;
  bool has_zero = false;
  for (const std::int64_t size : *this) {
    has_zero = has_zero || size == 0;
    if (size != 0 && __builtin_mul_overflow(product, size, &product)) {
      throw ValueError("shape", to_string(*this), "fewer than 2^63 elements");
    }
  }
  return has_zero ? 0 : product;
}

Shape Shape::insert(int axis, std::int64_t size) const {
  if (axis < 0 || axis > rank_) {
    throw ValueError("axis", std::to_string(axis), "0 to the rank, " + std::to_string(rank_));
  }
  if (rank_ == kMaxRank) throw ValueError("shape", "a ninth axis", "at most " + std::to_string(kMaxRank) + " axes");
  Shape result = *this;
  std::copy_backward(begin() + axis, end(), result.sizes_.begin() + rank_ + 1);
  result.sizes_[static_cast<std::size_t>(axis)] = size;
  ++result.rank_;
  return result;
}

Shape Shape::erase(int axis) const {
  Shape result = *this;
  std::copy(begin() + resolve_axis(axis) + 1, end(), result.sizes_.begin() + resolve_axis(axis));
  result.sizes_[static_cast<std::size_t>(--result.rank_)] = 0;
  return result;
}

bool Shape::operator==(const Shape& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(shape[axis]);
  }
  return text + (shape.rank() == 1 ? ",)" : ")");
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = shape;
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape result = longer;
  for (int axis = -1; axis >= -shorter.rank(); --axis) {
    if (longer[axis] == shorter[axis] || shorter[axis] == 1) continue;
    if (longer[axis] != 1) {
      throw ValueError("shapes", to_string(a) + " and " + to_string(b), "sizes that are equal or 1 on every axis");
    }
    result[axis] = shorter[axis];
  }
  return result;
}

}  // namespace rondo
