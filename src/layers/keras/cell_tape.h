/// Runs of known cells whose gradients are wanted.
#pragma once

#include <memory>
#include <vector>

#include "layers/keras/kept_cell.h"

namespace rondo {

/// The gradients of one run of a cell.
struct CellGradients {
  Tensor x;
  std::vector<Tensor> initial_state;  ///< empty where the run was given none; reset_state as well
  std::vector<Tensor> reset_state;
  std::vector<Tensor> weights;  ///< in the order of KnownCell::set_weights
};

/// A run of a known cell with all that its gradients need: the tensors that it read, its reserve, and the weights and
/// sessions that the cell had. It outlives the cell, and many threads may use it.
class CellTape {
 public:
  /// Runs the cell as KeptCell::run does, with a reserve of its own. `spec.keep` says what the reserve holds.
  CellTape(const KnownCell& cell, const RecurrenceSpec& spec, const PlanOptions& options, SessionTensors tensors);

  const RecurrenceSpec& spec() const { return spec_; }

  /// Computes the gradients from those of the results, which `given` has. `given.x` is the memory for the gradient of
  /// x; the other gradients get memory of their own.
  CellGradients gradients(SessionGradients given) const;

 private:
  std::shared_ptr<KeptCell::Kept> kept_;
  RecurrenceSpec spec_;
  PlanOptions options_;
  SessionTensors run_;
  ReserveTag tag_;
};

}  // namespace rondo
