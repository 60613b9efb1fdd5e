/// The layout of a value between two recurrent nodes, followed through operators that change it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rondo {

// Sizes for T and B that no product of other sizes equals by chance. A chain of operators is followed for them: where
// it gives the layout of a stack, it does so for all sizes.
inline constexpr std::int64_t kLetterT = 7919;
inline constexpr std::int64_t kLetterB = 104729;

/// An axis: a product of some of T, B, D and H, in this order.
struct LetterAxis {
  std::string letters = {};
  std::int64_t size = 1;
};

using MaybeIntegers = std::optional<std::vector<std::int64_t>>;

std::vector<std::int64_t> sizes_of(const std::vector<LetterAxis>& axes);

// Each applies an operator with its list of integers, which is absent where the node has none or only a run tells it.
// Returns whether the result is a layout of whole axes. Throws `ValueError` for axes that there are not.
bool transpose_letters(std::vector<LetterAxis>& axes, const MaybeIntegers& order);
bool squeeze_letters(std::vector<LetterAxis>& axes, const MaybeIntegers& places);
bool unsqueeze_letters(std::vector<LetterAxis>& axes, const MaybeIntegers& places);
bool reshape_letters(std::vector<LetterAxis>& axes, const MaybeIntegers& target);

}  // namespace rondo
