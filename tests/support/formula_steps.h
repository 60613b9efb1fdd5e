/// The cells' formulas once more, written by hand with ops as a user would write a step function: independent of the
/// ones in src/recurrence/cells, so that the two can be compared.
#pragma once

#include "rondo/keras/rnn.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::test {

/// A step function of `cell` with these weights, in Keras's layout.
StepFunction formula_step(const CellSpec& cell, const RecurrentWeights& weights);

}  // namespace rondo::test
