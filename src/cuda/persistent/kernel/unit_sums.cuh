/// The sums behind the gates of a thread's unit, with their biases.
#pragma once

#include "cuda/persistent/kernel/row_memory.cuh"

namespace rondo {

/// What UnitRows (unit_rows.cuh) computes the gates of a unit from.
template <typename Formula, typename Element, typename Counts>
class UnitSums : public RowMemory<Formula, Element, Counts> {
  using Memory = RowMemory<Formula, Element, Counts>;

 public:
  /// `shared` is the block's shared memory.
  __device__ UnitSums(const PersistentRun<Element>& run, const UnitPlace& place, const std::byte* shared)
      : Memory(run, place, shared) {
    if (place.u >= run.shape.H) return;
    for (int gate = 0; gate < kGates; ++gate) {
      bias_[gate] = run.bias[gate * run.shape.H + place.u];
      if constexpr (Formula::kBiases == 2) recurrent_bias_[gate] = run.recurrent_bias[gate * run.shape.H + place.u];
    }
  }

 protected:
  using Memory::place_;
  using Memory::run_;

  static constexpr int kGates = Formula::kGates;

  /// recurrent[gate] = the recurrent bias and the products of the gates of a phase. All lanes of a warp take part.
  template <int kPhase>
  __device__ void add_products(std::uint32_t first, int i, float (&recurrent)[kGates]) const {
    this->template sum_products<kPhase>(first, i, recurrent);
    if constexpr (Formula::kBiases == 2) {
      constexpr int kFirst = kPhase == 0 ? 0 : kPhaseGates<Formula, 0>;
      for (int gate = kFirst; gate < kFirst + kPhaseGates<Formula, kPhase>; ++gate) {
        recurrent[gate] += recurrent_bias_[gate];
      }
    }
  }

  float bias_[kGates] = {};

 private:
  float recurrent_bias_[kGates] = {};
};

}  // namespace rondo
