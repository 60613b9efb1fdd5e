#include "models/families/normalization_axes.h"

#include <algorithm>

namespace rondo {

std::vector<int> axes_of_call(const CallSite& site, std::span<const std::int64_t> listed, int rank) {
  std::vector<int> axes;
  for (const std::int64_t axis : listed) {
    const std::int64_t resolved = axis < 0 ? axis + rank : axis;
    if (resolved < 1 || resolved >= rank) {
      site.refuse("axis", std::to_string(axis), "an axis behind the batch, of inputs of rank " + std::to_string(rank));
    }
    axes.push_back(static_cast<int>(resolved));
  }
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) site.refuse("axis", "an axis twice", "each one once");
  return axes;
}

Tensor along_axes(const CallSite& site, const Tensor& weight, std::span<const int> axes, const TensorNote& input) {
  Shape shape;
  bool fits = weight.rank() == static_cast<int>(axes.size());
  for (int axis = 0; axis < input.shape.rank(); ++axis) {
    const auto found = std::find(axes.begin(), axes.end(), axis);
    const bool listed = found != axes.end();
    const int place = static_cast<int>(found - axes.begin());
    fits = fits && (!listed || sizes_agree(weight.size(place), input.shape[axis]));
    shape = shape.insert(axis, fits && listed ? weight.size(place) : 1);
  }
  if (!fits) site.refuse("inputs", note_text(input), "the sizes of its weight, " + describe(weight) + ", on its axes");
  return weight.reshape(shape);
}

bool is_stepwise(std::span<const int> axes, int rank) {
  return rank == 2 || std::find(axes.begin(), axes.end(), 1) == axes.end();
}

}  // namespace rondo
