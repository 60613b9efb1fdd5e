/// What products in 8 bits cost a model in accuracy.
#pragma once

#include <string>
#include <vector>

#include "runnable.h"

namespace rondo::program {

/// Runs the whole model strictly and with MatrixMath::int8 on the same inputs, and prints for each output how far both
/// are from each other: relative to the output's length, and the largest difference. `inputs` are those of read_inputs,
/// which it throws as.
void print_int8_errors(const ModelChoice& choice, const std::vector<std::string>& inputs);

}  // namespace rondo::program
