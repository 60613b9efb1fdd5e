/// How weights lie in panels, which follows from the products that a run is made of.
#pragma once

#include <string>

#include "cpu/fused/kernels.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::fused {

/// What the panels of a run's kernels hold, and by what they are multiplied.
enum class PanelElements : std::uint8_t {
  numbers,      ///< of the spec's dtype, multiplied by f32
  bf16_pairs,   ///< two k of a lane side by side, multiplied by rows of bf16: K is rounded up to whole pairs
  bf16_tiles,   ///< pairs for tile registers: K is rounded up to whole tiles
  split_tiles,  ///< likewise with two bf16 for each number: [pair of k][high, low][vector][lane][2]
  int8_pairs,   ///< pairs in 8 bits, multiplied by rows of 8 bits; a panel's scales are behind its rows
  int8_quads,   ///< four k of a lane side by side, with kInt8Offset
  int8_tiles,   ///< quads for tile registers, without it: K is rounded up to whole tiles
};

struct PanelFormat {
  int lanes;
  PanelElements elements;
  DType dtype;  ///< of an element

  /// The format in which this machine multiplies the weights of a spec.
  static PanelFormat of(const RecurrenceSpec& spec, const KernelTable& kernels);

  bool is_int8() const { return dtype == DType::u8; }
  bool has_tiles() const {
    return elements == PanelElements::bf16_tiles || elements == PanelElements::int8_tiles || is_split();
  }
  /// Whether panels and rows have two bf16 for each number, the high one and the low one.
  bool is_split() const { return elements == PanelElements::split_tiles; }
  int parts() const { return is_split() ? 2 : 1; }
  /// The dtype of the rows that are multiplied with the panels, where they are not in 8 bits.
  DType operand() const { return has_tiles() || elements == PanelElements::bf16_pairs ? DType::bf16 : DType::f32; }
  /// The k that lie side by side.
  int together() const;
  /// Rows of a panel, for a matrix of K rows.
  std::int64_t rows(std::int64_t K) const {
    const std::int64_t whole = has_tiles() ? kTilePairs : 1;
    return ((K + together() - 1) / together() + whole - 1) / whole * whole;
  }
  /// Bytes of a lane of a panel's row.
  std::int64_t lane_bytes() const { return parts() * together() * static_cast<std::int64_t>(size_of(dtype)); }
  /// Bytes of a lane of a panel, for a matrix of K rows.
  std::int64_t panel_lane_bytes(std::int64_t K) const {
    return rows(K) * lane_bytes() + (is_int8() ? static_cast<std::int64_t>(sizeof(float)) : 0);
  }

  /// Whether products take rows of K numbers where they are.
  bool takes(DType given, std::int64_t K) const {
    return given == operand() && K % together() == 0 && !has_tiles() && !is_int8();
  }
  /// Floats from one row of K numbers to the next where rows are written for products. There is a cache line between
  /// them: rows whose distance is a power of two share few sets of the first-level cache.
  std::int64_t operand_stride(std::int64_t K) const;
  /// Rows that there is memory for, where `count` are multiplied.
  std::int64_t operand_rows(std::int64_t count) const {
    return has_tiles() ? (count + kTileRows - 1) / kTileRows * kTileRows : count;
  }

  /// The product of panels of this format.
  ProductKernel product(const KernelTable& kernels, int vectors) const;
  /// The kernels that need a TileScope around products, or null.
  const TileKernels* tiles(const KernelTable& kernels) const { return has_tiles() ? kernels.tiles : nullptr; }
  /// The kernels of a format in 8 bits.
  const Int8Kernels& int8(const KernelTable& kernels) const {
    return elements == PanelElements::int8_pairs ? kernels.int8_pairs : kernels.int8_quads;
  }
};

/// The most rows of a matrix in 8 bits: the sum of so many products fits 32 bits.
inline constexpr std::int64_t kMostInt8Rows = (std::int64_t{1} << 31) / (127 * 128);

/// The end of the name of a pack with these elements.
const char* name_of(PanelElements elements);

/// "; products of pairs of bf16", or why products are not what the spec's MatrixMath permits, or an empty string.
std::string products_in_words(const RecurrenceSpec& spec, const PanelFormat& format, const KernelTable& kernels);

}  // namespace rondo::fused
