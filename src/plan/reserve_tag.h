/// The tag in front of a reserve: which run has written it.
#pragma once

#include <array>
#include <cstdint>

#include "recurrence/weight_packs.h"
#include "rondo/plan/plan.h"

namespace rondo {

/// A number for each of the facts that must be the same in a run and in its gradients.
struct ReserveTag {
  std::uint64_t mark = 0;     ///< the same in all tags
  std::uint64_t spec = 0;     ///< of the recurrence
  std::uint64_t tensors = 0;  ///< of the addresses and strides of the tensors that the gradients read again
  std::uint64_t weights = 0;  ///< of the weights, and of how often they have been reloaded
  bool operator==(const ReserveTag&) const = default;
};

/// The tag of a run with these tensors.
ReserveTag tag_of(const SessionTensors& run, const RecurrenceSpec& spec, const WeightPacks& weights);

/// Writes the tag to a reserve on the CPU. On a CUDA device the order of runs is the caller's to keep.
void write_tag(const Tensor& reserve, const ReserveTag& tag);

/// Throws `ValueError` unless the reserve on the CPU has this tag, with the first fact that differs.
void check_tag(const Tensor& reserve, const ReserveTag& tag);

}  // namespace rondo
