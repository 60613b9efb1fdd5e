/// The reserve that a run of the fused executor writes.
#pragma once

#include "cpu/fused/kernels.h"
#include "cpu/fused/partition.h"
#include "recurrence/buffers.h"
#include "recurrence/reserve.h"

namespace rondo::fused {

/// Writes some of the units of the steps that a run keeps.
class Keeper {
 public:
  /// `scratch` has the room of gates_scratch(spec) floats for each live row of an even and of an odd step.
  Keeper(const RecurrenceSpec& spec, const KernelTable& kernels, const KeptSteps& steps, const OwnUnits& units,
         float* const* scratch);

  /// Floats that a live row of a step needs where the reserve's gates are not f32.
  static std::int64_t gates_scratch(const RecurrenceSpec& spec);

  const KeptSteps& steps() const { return steps_; }
  /// Writes the states before a step.
  void keep_states(std::int64_t row, const float* h, const float* c) const;
  /// Where the gates of live row `index` of step s are written, [kKept][H]: the reserve's row, or scratch.
  float* gates(std::int64_t s, std::int64_t row, std::int64_t index) const;
  /// Writes gates that are in scratch to the reserve.
  void finish(std::int64_t s, std::int64_t row, std::int64_t index) const;

 private:
  std::byte* at(std::size_t offset, std::int64_t element) const {
    return base_ + offset + static_cast<std::size_t>(element) * size_of(layout_.dtype);
  }
  void store(const float* source, const Range& units, std::byte* target) const;

  const RecurrenceSpec& spec_;
  const KernelTable& kernels_;
  const KeptSteps steps_;
  const ReserveLayout& layout_;
  std::byte* const base_;
  const OwnUnits units_;
  float* const* const scratch_;
};

}  // namespace rondo::fused
