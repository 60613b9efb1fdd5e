/// The cells' formulas as step functions that are written with ops, as a user would write them. They are independent of
/// src/recurrence/cells, so that tests can compare the two.
#pragma once

#include "rondo/keras/rnn.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::test {

/// The step function of `cell` with these weights, in Keras's layout.
StepFunction formula_step(const CellSpec& cell, const RecurrentWeights& weights);

}  // namespace rondo::test
