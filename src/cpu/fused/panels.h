/// How the units of a cell are laid out in panels, and the weights packed into these panels.
#pragma once

#include <span>
#include <vector>

#include "cpu/fused/kernels.h"
#include "cpu/fused/panel_format.h"
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
