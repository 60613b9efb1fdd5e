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
  int8_pairs,  ///< the same in 8 bits, multiplied by rows of 8 bits; a panel's scales are behind its rows
  int8_quads,  ///< four k of a lane side by side, with kInt8Offset
};

/// How weights lie in panels.
struct PanelFormat {
  int lanes;
  PanelElements elements;
  DType dtype;  ///< of an element

  /// The format in which this machine multiplies the weights of a spec.
  static PanelFormat of(const RecurrenceSpec& spec, const KernelTable& kernels);

  bool is_int8() const { return elements == PanelElements::int8_pairs || elements == PanelElements::int8_quads; }
  bool has_pairs() const { return elements == PanelElements::bf16_pairs; }
  /// The dtype of the rows that are multiplied with the panels, where they are not in 8 bits.
  DType operand() const { return has_pairs() ? DType::bf16 : DType::f32; }
  /// The k that lie side by side.
  int together() const {
    switch (elements) {
      case PanelElements::numbers: return 1;
      case PanelElements::int8_quads: return 4;
      case PanelElements::bf16_pairs:
      case PanelElements::int8_pairs: break;
    }
    return 2;
  }
  /// Rows of a panel, for a matrix of K rows.
  std::int64_t rows(std::int64_t K) const { return (K + together() - 1) / together(); }
  /// Bytes of a lane of a panel's row.
  std::int64_t lane_bytes() const { return together() * static_cast<std::int64_t>(size_of(dtype)); }
  /// Bytes of a lane of a panel, for a matrix of K rows.
  std::int64_t panel_lane_bytes(std::int64_t K) const {
    return rows(K) * lane_bytes() + (is_int8() ? static_cast<std::int64_t>(sizeof(float)) : 0);
  }
  /// Whether products take rows of K numbers where they are.
  bool takes(DType given, std::int64_t K) const { return given == operand() && K % together() == 0 && !is_int8(); }
  /// Floats from one row of K numbers to the next where rows are written for products. There is a cache line between
  /// them: rows whose distance is a power of two share few sets of the first-level cache.
  std::int64_t operand_stride(std::int64_t K) const;
  /// The product of panels of this format.
  ProductKernel product(const KernelTable& kernels, int vectors) const;
  /// The kernels of a format in 8 bits.
  const Int8Kernels& int8(const KernelTable& kernels) const {
    return elements == PanelElements::int8_quads ? kernels.int8_quads : kernels.int8_pairs;
  }
};

/// The most rows of a matrix in 8 bits: the sum of so many products fits 32 bits.
inline constexpr std::int64_t kMostInt8Rows = (std::int64_t{1} << 31) / (127 * 128);

/// "; products of pairs of bf16", or why products are not what the spec's MatrixMath permits, or an empty string.
std::string products_in_words(const RecurrenceSpec& spec, const PanelFormat& format);

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
