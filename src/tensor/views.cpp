// Views: new shapes and strides over the same elements.

#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

Tensor Tensor::view(const Shape& shape, const Strides& strides, std::int64_t offset) const {
  if (!defined()) throw ValueError("tensor", "an empty one", "one with elements");
  Tensor result;
  result.storage_ = storage_;
  result.data_ = static_cast<std::byte*>(data_) + offset * static_cast<std::int64_t>(size_of(dtype_));
  result.dtype_ = dtype_;
  result.shape_ = shape;
  result.strides_ = strides;
  return result;
}

Tensor Tensor::slice(int axis, std::int64_t begin, std::int64_t end, std::int64_t step) const {
  const std::int64_t size = shape_[axis];
  const bool inside = step > 0 ? 0 <= begin && begin <= end && end <= size : -1 <= end && end <= begin && begin < size;
  if (step == 0 || !inside) {
    throw ValueError("slice", std::to_string(begin) + ":" + std::to_string(end) + ":" + std::to_string(step),
                     "a range inside axis " + std::to_string(axis) + " of " + describe(*this));
  }
  Shape shape = shape_;
  Strides strides = strides_;
  const std::int64_t distance = step > 0 ? end - begin : begin - end;
  const std::int64_t magnitude = step > 0 ? step : -step;
  shape[axis] = (distance + magnitude - 1) / magnitude;
  strides[axis] *= step;
  return view(shape, strides, shape[axis] == 0 ? 0 : begin * strides_[axis]);
}

Tensor Tensor::select(int axis, std::int64_t index) const {
  if (index < 0 || index >= shape_[axis]) {
    throw ValueError("index", std::to_string(index),
                     "one inside axis " + std::to_string(axis) + " of " + describe(*this));
  }
  return view(shape_.erase(axis), strides_.erase(axis), index * strides_[axis]);
}

Tensor Tensor::transpose(std::span<const int> order) const {
  Shape shape = shape_;
  Strides strides = strides_;
  unsigned seen = 0;
  bool complete = static_cast<int>(order.size()) == rank();
  for (std::size_t k = 0; complete && k < order.size(); ++k) {
    const int axis = shape_.resolve_axis(order[k]);
    complete = (seen & (1U << axis)) == 0;
    seen |= 1U << axis;
    shape[static_cast<int>(k)] = shape_[axis];
    strides[static_cast<int>(k)] = strides_[axis];
  }
  if (!complete)
    throw ValueError("order", std::to_string(order.size()) + " axes", "each axis of " + describe(*this) + " once");
  return view(shape, strides, 0);
}

Tensor Tensor::swap_axes(int first, int second) const {
  Shape shape = shape_;
  Strides strides = strides_;
  std::swap(shape[first], shape[second]);
  std::swap(strides[first], strides[second]);
  return view(shape, strides, 0);
}

Tensor Tensor::insert_axis(int axis) const { return view(shape_.insert(axis, 1), strides_.insert(axis, 1), 0); }

Tensor Tensor::erase_axis(int axis) const {
  if (shape_[axis] != 1) throw ValueError("axis", std::to_string(axis) + " of " + describe(*this), "an axis of size 1");
  return view(shape_.erase(axis), strides_.erase(axis), 0);
}

Tensor Tensor::broadcast_to(const Shape& shape) const {
  if (shape_ == shape) return *this;
  Strides strides = shape;
  for (int axis = -1; axis >= -shape.rank(); --axis) {
    const bool present = axis >= -rank();
    const bool repeats = !present || (shape_[axis] == 1 && shape[axis] != 1);
    if (present && !repeats && shape_[axis] != shape[axis]) {
      throw ValueError("tensor", describe(*this), "a shape that broadcasts to " + to_string(shape));
    }
    strides[axis] = repeats ? 0 : strides_[axis];
  }
  if (rank() > shape.rank())
    throw ValueError("tensor", describe(*this), "a shape that broadcasts to " + to_string(shape));
  return view(shape, strides, 0);
}

namespace {

// Replaces a single -1 by the size that the other sizes leave for it.
Shape resolve_sizes(const Tensor& tensor, const Shape& asked) {
  Shape shape = asked;
  int unknown = -1;
  for (int axis = 0; axis < asked.rank(); ++axis) {
    if (asked[axis] >= 0) continue;
    if (asked[axis] != -1 || unknown >= 0) {
      throw ValueError("shape", to_string(asked), "sizes of 0 and above, and at most one -1");
    }
    unknown = axis;
    shape[axis] = 1;
  }
  const std::int64_t known = shape.numel();
  if (unknown >= 0) shape[unknown] = known == 0 ? 0 : tensor.numel() / known;
  if (shape.numel() != tensor.numel()) {
    throw ValueError("shape", to_string(asked),
                     "the " + std::to_string(tensor.numel()) + " elements of " + describe(tensor));
  }
  return shape;
}

// Finds strides that show the elements of `tensor` under `shape`; false if there are none. Each run of old axes without
// a jump between elements must be covered by whole new axes.
bool strides_for(const Tensor& tensor, const Shape& shape, Strides& strides) {
  strides = contiguous_strides(shape);
  if (tensor.is_contiguous() || tensor.numel() == 0) return true;
  int axis = shape.rank() - 1;
  for (int old_axis = tensor.rank() - 1; old_axis >= 0;) {
    const std::int64_t step = tensor.stride(old_axis);
    std::int64_t run = tensor.size(old_axis);
    --old_axis;
    while (old_axis >= 0 && (tensor.size(old_axis) == 1 || tensor.stride(old_axis) == step * run)) {
      run *= tensor.size(old_axis--);
    }
    std::int64_t covered = 1;
    while (axis >= 0 && covered < run) {
      strides[axis] = step * covered;
      covered *= shape[axis--];
    }
    if (covered != run) return false;
  }
  return true;
}

}  // namespace

Tensor Tensor::reshape(const Shape& asked) const {
  const Shape shape = resolve_sizes(*this, asked);
  Strides strides;
  if (strides_for(*this, shape, strides)) return view(shape, strides, 0);
  return clone().reshape(shape);
}

}  // namespace rondo
