/// What --input gives a model.
#pragma once

#include <string>
#include <vector>

#include "runnable.h"

namespace rondo::program {

/// Reads inputs: "x.npy" for the first input, or all arrays of an archive by their names; "NAME=FILE" for one. Tensors
/// are converted to the dtypes of the slots, and a .csv of (T, I) becomes a batch of one row. Throws `ValueError`
/// naming the input that is missing, unknown or of another rank.
TensorMap read_inputs(const std::vector<std::string>& arguments, const Runnable& model, bool batch_first);

}  // namespace rondo::program
