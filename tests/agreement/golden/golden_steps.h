/// The named step functions of the golden cases, written with ops; README.md has their formulas.
#pragma once

#include "agreement/golden/golden_case.h"
#include "rondo/keras/rnn.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::golden {

/// The step function that a backend.rnn case names, with the case's weights. Throws `ValueError` for an unknown name.
StepFunction step_function(const GoldenCase& golden);

/// The step function `name`, with the case's weights under `prefix`.
StepFunction step_function(const GoldenCase& golden, const std::string& name, const std::string& prefix);

/// The cell that the case's step function computes; absent for other functions.
std::optional<CellSpec> step_cell(const GoldenCase& golden);

/// The weights kernel, recurrent_kernel and, if present, bias under `prefix`.
RecurrentWeights cell_weights(const GoldenCase& golden, const std::string& prefix);

}  // namespace rondo::golden
