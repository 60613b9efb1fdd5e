/// The named step functions of the golden cases, written with ops; README.md has their formulas.
#pragma once

#include "agreement/golden/golden_case.h"
#include "rondo/keras/rnn.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo::golden {

/// The step function a backend.rnn case names, with the case's weights. Throws `ValueError` for an unknown name.
StepFunction step_function(const GoldenCase& golden);

/// The step function of this name, with the case's weights under `prefix`.
StepFunction step_function(const GoldenCase& golden, const std::string& name, const std::string& prefix);

/// The cell that the step function is, for steps that are one.
std::optional<CellSpec> step_cell(const GoldenCase& golden);

/// kernel, recurrent_kernel and, if there is one, bias under `prefix`.
RecurrentWeights cell_weights(const GoldenCase& golden, const std::string& prefix);

}  // namespace rondo::golden
