/// Dropout of known cells: its options and masks, and the step of a cell with masks that the planned path does not
/// take.
#pragma once

#include "rondo/keras/cells.h"

namespace rondo {

/// `options` with rates cut to 0 .. 1, and with implementation 1 if states are dropped, as in Keras. Throws
/// `ValueError` for another implementation than 1 and 2.
DropoutOptions checked_dropout(const DropoutOptions& options);

/// Whether there are no masks.
bool is_empty(const DropoutMasks& masks);

/// Whether dropout is only a product of the inputs with the first mask: no mask differs by gate or drops states.
bool is_one_for_all_gates(const DropoutMasks& masks);

struct CellArguments {
  const Tensor& x;  ///< (B, I)
  const States& states;
};

/// Computes one step with masks. The step is written with ops, so at 16 bits every operation rounds.
StepResult dropped_step(const CellSpec& spec, const RecurrentWeights& weights, const CellArguments& arguments,
                        const DropoutMasks& masks);

/// As dropped_step, with the gradients of x, the states and, as constants, the weights.
StepWithPullback dropped_step_with_pullback(const CellSpec& spec, const RecurrentWeights& weights,
                                            const CellArguments& arguments, const DropoutMasks& masks);

}  // namespace rondo
