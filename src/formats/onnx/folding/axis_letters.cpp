#include "formats/onnx/folding/axis_letters.h"

#include <algorithm>

#include "formats/onnx/folding/fold_call.h"

namespace rondo {
namespace {

int rank(const std::vector<LetterAxis>& axes) { return static_cast<int>(axes.size()); }

}  // namespace

std::vector<std::int64_t> sizes_of(const std::vector<LetterAxis>& axes) {
  std::vector<std::int64_t> sizes;
  for (const LetterAxis& axis : axes) sizes.push_back(axis.size);
  return sizes;
}

bool transpose_letters(std::vector<LetterAxis>& axes, const MaybeIntegers& order) {
  std::vector<LetterAxis> result;
  if (!order) return std::reverse(axes.begin(), axes.end()), true;
  if (order->size() != axes.size()) return false;
  for (const std::int64_t axis : *order) result.push_back(axes[static_cast<std::size_t>(axis_of(axis, rank(axes)))]);
  axes = std::move(result);
  return true;
}

bool squeeze_letters(std::vector<LetterAxis>& axes, const MaybeIntegers& places) {
  std::vector<bool> gone(axes.size(), false);
  for (std::size_t k = 0; k < axes.size(); ++k) gone[k] = !places && axes[k].size == 1;
  if (places) {
    for (const std::int64_t place : *places) gone[static_cast<std::size_t>(axis_of(place, rank(axes)))] = true;
  }
  std::vector<LetterAxis> result;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    if (gone[k] && axes[k].size != 1) return false;
    if (!gone[k]) result.push_back(axes[k]);
  }
  axes = std::move(result);
  return true;
}

bool unsqueeze_letters(std::vector<LetterAxis>& axes, const MaybeIntegers& places) {
  if (!places || axes.size() + places->size() > kMaxRank) return false;
  std::vector<int> sorted;
  for (const std::int64_t place : *places) {
    sorted.push_back(axis_of(place, rank(axes) + static_cast<int>(places->size())));
  }
  std::sort(sorted.begin(), sorted.end());
  for (const int place : sorted) {
    if (place > rank(axes)) return false;
    axes.insert(axes.begin() + place, LetterAxis{});
  }
  return true;
}

/// A reshape keeps the order of the elements, so that each new axis is a product of neighbours.
bool reshape_letters(std::vector<LetterAxis>& axes, const MaybeIntegers& target) {
  if (!target) return false;
  std::vector<LetterAxis> result;
  auto next = axes.begin();
  for (std::size_t k = 0; k < target->size(); ++k) {
    LetterAxis axis;
    std::int64_t size = (*target)[k];
    if (size == 0 && k < axes.size()) size = axes[k].size;
    const bool is_rest = size == -1 && k + 1 == target->size();
    // A model that was exported for one T and B has those sizes in place of 0 here.
    const bool is_fixed =
        size > 0 && next != axes.end() && (next->size == kLetterT || next->size == kLetterB) && size != next->size;
    if (is_fixed) {
      axis = *next++;
    } else {
      while (next != axes.end() && (is_rest || axis.size < size)) {
        if (next->size != 1) axis.letters += next->letters;
        axis.size *= (next++)->size;
      }
      if (!is_rest && axis.size != size) return false;
    }
    result.push_back(std::move(axis));
  }
  if (std::any_of(next, axes.end(), [](const LetterAxis& axis) { return axis.size != 1; })) return false;
  axes = std::move(result);
  return true;
}

}  // namespace rondo
