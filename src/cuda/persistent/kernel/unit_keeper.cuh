/// What a thread writes to the reserve of a run that keeps something. A kernel of runs that keep nothing has
/// KeepsNothing, and no instruction for it.
#pragma once

#include "cuda/common/kept_rows.cuh"
#include "cuda/persistent/kernel/persistent_run.h"
#include "recurrence/cells/unit.h"

namespace rondo {

template <typename Formula, typename Element>
struct KeepsNothing {
  /// What a thread remembers of one row from its step to the writing.
  struct Unit {
    __device__ KeepNothing begin(const UnitStates<float>&) { return {}; }
  };

  __device__ explicit KeepsNothing(const PersistentRun<Element>&) {}
};

template <typename Formula, typename Element>
class KeepsReserve {
 public:
  struct Unit {
    float values[Formula::kKept] = {};
    UnitStates<float> previous = {};

    /// Remembers the states before the step, and gives what the formula writes to.
    __device__ KeepIn<float> begin(const UnitStates<float>& states) {
      previous = states;
      return {values};
    }
  };

  __device__ explicit KeepsReserve(const KeepingRun<Element>& run) : kept_(run.kept) {}

  __device__ const KeptRows& rows() const { return kept_; }

  /// Writes unit u of a row of the reserve, which has H units.
  __device__ void write(const Unit& unit, std::int64_t row, std::int64_t H, std::int32_t u) const {
    write_value(unit.previous.h, kept_.h, row * H + u);
    if constexpr (Formula::kStates == 2) write_value(unit.previous.c, kept_.c, row * H + u);
    if (kept_.gates == nullptr) return;
    for (int k = 0; k < Formula::kKept; ++k) {
      write_value(unit.values[k], kept_.gates, (row * Formula::kKept + k) * H + u);
    }
  }

 private:
  __device__ void write_value(float value, void* part, std::int64_t index) const {
    const float values[1] = {value};
    write_kept<Element, Activations>(kept_, values, part, index);
  }

  const KeptRows& kept_;
};

/// Whether a keeper writes anything.
template <typename Keeper>
inline constexpr bool kWritesReserve = requires(const Keeper& keeper) {
  keeper.rows();
};

}  // namespace rondo
