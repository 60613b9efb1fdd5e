/// What sessions read of SharedWeights.
#pragma once

#include "recurrence/buffers.h"
#include "recurrence/weight_packs.h"
#include "rondo/plan/shared_weights.h"

namespace rondo {

struct SharedWeights::Impl {
  RecurrentWeights given;
  RecurrentWeights contiguous;  ///< views of `given`, and copies of those that have gaps
  std::shared_ptr<WeightPacks> packs = std::make_shared<WeightPacks>();
  std::uint64_t checksum = 0;  ///< in a build without NDEBUG, of weights on the CPU

  /// Throws `RuntimeError` if the weights have changed since they were packed. Does nothing in a build with NDEBUG.
  void check_unchanged() const;
};

/// Throws as check_weights, and `ValueError` naming the weight whose shape, dtype or device does not fit the spec.
void check_fits(const RecurrenceSpec& spec, const RecurrentWeights& weights);

/// The addresses of contiguous weights.
WeightBuffers weight_buffers(const CellSpec& cell, const RecurrentWeights& weights);

}  // namespace rondo
