/// Small matrix products by the tensor cores: sums (16, 8) += a (16, K) b (K, 8), K = 32 bytes of numbers.
///
/// Operands are words of 4 bytes: two 16-bit numbers, of which the one with the smaller k is in the lower half, or one
/// float rounded to TF32. A row of a, and a column of b, has kTileWords words in every dtype. Lane l of the warp,
/// with r = l / 4 and w = l % 4, holds
///
///     a[0], a[1]   word w     of rows r, r + 8 of a          sums[0], sums[1]   row r,     columns 2 w, 2 w + 1
///     a[2], a[3]   word w + 4 of the same rows               sums[2], sums[3]   row r + 8, the same columns
///     b[0], b[1]   words w, w + 4 of column r of b
#pragma once

namespace rondo::device {

/// Stands for floats rounded to TF32, of 10 bits of fraction.
struct Tf32 {};

/// Stands for floats that are multiplied as sums of two TF32 numbers, with nearly f32's accuracy.
struct Tf32x3 {};

inline constexpr int kTileRows = 16;
inline constexpr int kTileColumns = 8;
inline constexpr int kTileWords = 8;

}  // namespace rondo::device
