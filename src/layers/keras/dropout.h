/// Dropout of known cells: what is drawn, and the step of a cell whose masks the planned path does not take.
#pragma once

#include "rondo/keras/cells.h"

namespace rondo {

/// Rates cut to 0 .. 1, implementation 1 where states are dropped, as Keras has it. Throws `ValueError` for another
/// implementation than 1 and 2.
DropoutOptions checked_dropout(const DropoutOptions& options);

/// Whether nothing is dropped.
bool is_empty(const DropoutMasks& masks);

/// Whether multiplying the inputs with the first mask is all there is to do.
bool is_one_for_all_gates(const DropoutMasks& masks);

struct CellArguments {
  const Tensor& x;  ///< (B, I)
  const States& states;
};

/// One step with masks, written with ops: at 16 bits every operation rounds.
StepResult dropped_step(const CellSpec& spec, const RecurrentWeights& weights, const CellArguments& arguments,
                        const DropoutMasks& masks);

}  // namespace rondo
