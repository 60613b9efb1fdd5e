/// The sums of a thread's unit, which warps along k, or the blocks of a cluster, have left in shared memory.
#pragma once

#include "cuda/common/standard_activations.cuh"
#include "cuda/device/collectives.cuh"
#include "cuda/device/opaque.cuh"
#include "cuda/persistent/kernel/gate_sums.cuh"
#include "cuda/persistent/kernel/row_places.cuh"

namespace rondo {

/// `Run` also has the activations.
template <typename Formula, typename Run, typename Counts>
class ProductSums : public RowPlaces<Formula, Run, Counts> {
  using Places = RowPlaces<Formula, Run, Counts>;

 public:
  /// `shared` is the block's shared memory.
  __device__ ProductSums(const Run& run, const UnitPlace& place, const std::byte* shared)
      : Places(run, place), shared_(shared), standard_(device::opaque(run.activations.is_standard()) != 0) {
    // Threads without a row, and lanes without a unit, read the sums of another.
    const SumLayout& layout = run.layout.sum_layout;
    const int row = place.row < Counts::kPassRows ? place.row : 0;
    const int lane = place.lane < layout.lanes ? place.lane : 0;
    sums_at_ = static_cast<std::uint32_t>(row * layout.row + place.unit * kPhaseGates<Formula, 0> +
                                          lane * layout.parts * layout.part) *
               sizeof(float);
    // Opaque, so that the compiler computes the offset here and not again in every step. With several passes registers
    // are scarcer than instructions.
    if constexpr (Counts::kPasses == 1) sums_at_ = device::opaque(sums_at_);
  }

 protected:
  using Places::place_;
  using Places::run_;

  /// total[gate] = the products of the gates of a phase, in the order of k. All lanes of a warp take part: where two
  /// share a unit, each adds up one half of the parts, and both get the sum.
  template <int kPhase>
  __device__ void sum_products(std::uint32_t first, int i, float (&total)[Formula::kGates]) const {
    constexpr int kFirst = kPhase == 0 ? 0 : kPhaseGates<Formula, 0>;
    constexpr int kCount = kPhaseGates<Formula, kPhase>;
    const SumLayout layout = this->sums_layout();
    const float* sums =
        reinterpret_cast<const float*>(shared_ + (first + sums_at_)) + this->rows_to_sums(i) * layout.row;
    if constexpr (kPhase != 0) sums -= place_.unit * (kPhaseGates<Formula, 0> - kCount);
    // The most frequent number of parts is asked for first.
    const int parts = layout.parts;
    if (parts == 4) {
      sum_parts<kFirst, kCount, 4>(sums, layout.part, total);
    } else if (parts == kMostWarps) {
      sum_parts<kFirst, kCount, kMostWarps>(sums, layout.part, total);
    } else if (parts == 2) {
      sum_parts<kFirst, kCount, 2>(sums, layout.part, total);
    } else if (kScatters<Formula> && parts == kMostScatterParts) {
      sum_parts<kFirst, kCount, kMostScatterParts>(sums, layout.part, total);
    } else {
      sum_parts<kFirst, kCount, 1>(sums, layout.part, total);
    }
    if (layout.shuffle == 0) return;
    for (int gate = kFirst; gate < kFirst + kCount; ++gate) {
      total[gate] += device::shuffle_xor(total[gate], static_cast<unsigned>(layout.shuffle));
    }
  }

  /// Calls `function` with the activations: as types that the compiler inlines where they are tanh and sigmoid.
  template <typename Function>
  __device__ void with_activations(const Function& function) const {
    if (standard_) {
      function(StandardActivations{});
    } else {
      function(run_.activations);
    }
  }

 private:
  const std::byte* shared_;
  const bool standard_;
  std::uint32_t sums_at_ = 0;  ///< from the first of all sums to those of this thread's first row of a pass, in bytes
};

}  // namespace rondo
