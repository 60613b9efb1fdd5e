/// The loop of the stepwise executor with its kernels on the host, and plain loops in the place of a library's
/// products.
#pragma once

#include <cstdint>

#include "property/random_recurrence.h"

namespace rondo::test {

/// Runs `recurrence` with the kernels of `dtype` (f32, f16 or bf16). `layout_seed` decides where rows are in memory.
/// Outputs are NaN before, and so is all scratch memory.
RunResult run_stepwise(const RandomRecurrence& recurrence, DType dtype, std::uint64_t layout_seed);

}  // namespace rondo::test
