/// How the units of a cell are laid out in panels, and the weights packed into these panels.
#pragma once

#include <span>
#include <vector>

#include "cpu/fused/kernels.h"
#include "recurrence/executor.h"
#include "rondo/tensor/tensor.h"

namespace rondo::fused {

class PackThreads;

/// One product of a step, and the gates after it. A cell has one pass; but a GRU that resets before its product has
/// two, one for z and r and one for the candidate.
struct Pass {
  int first_gate;
  int gates;
  int unit_vectors;  ///< vectors of units in a panel: enough to keep the multipliers busy

  int vectors() const { return gates * unit_vectors; }
  std::int64_t panel_units(int lanes) const { return static_cast<std::int64_t>(unit_vectors) * lanes; }
  std::int64_t panel_floats(int lanes) const { return static_cast<std::int64_t>(vectors()) * lanes; }
  std::int64_t panels(std::int64_t units, int lanes) const {
    return (units + panel_units(lanes) - 1) / panel_units(lanes);
  }
};

std::span<const Pass> passes_of(const CellSpec& cell);

/// Units of a row of states, rounded up to whole panels of every pass.
std::int64_t padded_units(const CellSpec& cell, int lanes);

/// What the panels of a run's kernels hold, and by what they are multiplied.
enum class PanelElements : std::uint8_t {
  numbers,     ///< of the spec's dtype, multiplied by f32
  bf16_pairs,  ///< two k of a lane side by side, multiplied by rows of bf16: K is rounded up to whole pairs
  bf16_tiles,  ///< pairs for tile registers: K is rounded up to whole tiles
  split_tiles  ///< likewise with two bf16 for each number: [pair of k][high, low][vector][lane][2]
};

/// How weights lie in panels.
struct PanelFormat {
  int lanes;
  PanelElements elements;
  DType dtype;  ///< of an element

  /// The format in which this machine multiplies the weights of a spec.
  static PanelFormat of(const RecurrenceSpec& spec, const KernelTable& kernels);

  bool has_tiles() const { return elements == PanelElements::bf16_tiles || is_split(); }
  /// Whether panels and rows have two bf16 for each number, the high one and the low one.
  bool is_split() const { return elements == PanelElements::split_tiles; }
  int parts() const { return is_split() ? 2 : 1; }
  /// The dtype of the rows that are multiplied with the panels.
  DType operand() const { return elements == PanelElements::numbers ? DType::f32 : DType::bf16; }
  /// The k that lie side by side.
  int together() const { return elements == PanelElements::numbers ? 1 : 2; }
  /// Rows of a panel, for a matrix of K rows.
  std::int64_t rows(std::int64_t K) const {
    const std::int64_t whole = has_tiles() ? kTilePairs : 1;
    return ((K + together() - 1) / together() + whole - 1) / whole * whole;
  }
  /// Bytes of a lane of a panel's row.
  std::int64_t lane_bytes() const { return parts() * together() * static_cast<std::int64_t>(size_of(dtype)); }

  /// Whether products take rows of K numbers where they are.
  bool takes(DType given, std::int64_t K) const { return given == operand() && K % together() == 0 && !has_tiles(); }
  /// Floats from one row of K numbers to the next where rows are written for products. There is a cache line between
  /// them: rows whose distance is a power of two share few sets of the first-level cache.
  std::int64_t operand_stride(std::int64_t K) const { return parts() * rows(K) + 16; }
  /// Rows that there is memory for, where `count` are multiplied.
  std::int64_t operand_rows(std::int64_t count) const {
    return has_tiles() ? (count + kTileRows - 1) / kTileRows * kTileRows : count;
  }

  /// The product of panels of this format.
  ProductKernel product(const KernelTable& kernels, int vectors) const;
  /// The kernels that need a TileScope around products, or null.
  const TileKernels* tiles(const KernelTable& kernels) const { return has_tiles() ? kernels.tiles : nullptr; }
};

/// "; products of pairs of bf16", or why products are not what the spec's MatrixMath permits, or an empty string.
std::string products_in_words(const RecurrenceSpec& spec, const PanelFormat& format, const KernelTable& kernels);

/// The weights of one pass: [panel][k][vector][lane] in the format, biases [panel][vector][lane]
/// in f32. Units beyond H are zeros, and so is a bias that the weights do not have.
struct PassWeights {
  std::int64_t panels = 0;
  const std::byte* kernel = nullptr;
  const std::byte* recurrent_kernel = nullptr;
  const float* bias = nullptr;
  const float* recurrent_bias = nullptr;  ///< null for a cell with one row of biases
};

/// The weights of a runner, packed in memory of their own: huge pages where the system gives them. Runners with the
/// same WeightPacks share them.
class PackedWeights {
 public:
  PackedWeights(const RunnerRequest& request, const PanelFormat& format);

  const PanelFormat& format() const { return format_; }
  const PassWeights& pass(std::size_t index) const { return passes_[index]; }
  /// The size of the packed weights.
  std::int64_t bytes() const { return bytes_; }

 private:
  explicit PackedWeights(const PanelFormat& format) : format_(format) {}

  std::size_t lay_out(const RecurrenceSpec& spec, void* base);
  void fill(const RecurrenceSpec& spec, const WeightBuffers& source, const PackThreads& threads) const;

  PanelFormat format_;
  std::int64_t bytes_ = 0;
  std::shared_ptr<const WeightPack> pack_;
  std::vector<PassWeights> passes_;
};

}  // namespace rondo::fused
