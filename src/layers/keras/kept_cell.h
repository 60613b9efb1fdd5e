/// What a known cell keeps of its weights between calls.
#pragma once

#include "plan/kept_runs.h"
#include "rondo/keras/cells.h"

namespace rondo {

struct KnownCell::Kept {
  explicit Kept(const RecurrentWeights& its_weights) : weights(its_weights) {}

  SharedWeights weights;
  KeptRecurrences sessions;
};

/// The library's own access to what a cell keeps.
class KeptCell {
 public:
  using Kept = KnownCell::Kept;

  /// run_kept with the weights and sessions of the cell.
  static void run(const KnownCell& cell, const RecurrenceSpec& spec, const PlanOptions& options,
                  const SessionTensors& tensors) {
    run_kept(cell.kept_->sessions, cell.kept_->weights, spec, options, tensors);
  }
  static const SharedWeights& weights(const KnownCell& cell) { return cell.kept_->weights; }
  /// All that the cell keeps of its weights as they are now. It outlives the cell and its next weights.
  static std::shared_ptr<Kept> kept(const KnownCell& cell) { return cell.kept_; }
};

}  // namespace rondo
