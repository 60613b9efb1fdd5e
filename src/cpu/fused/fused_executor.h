/// The fast CPU executor: products with panels that hold all gates of their units, each followed at once by the gates.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// Runs every cell and every Schedule in f32, and in f16 and bf16 with f32 arithmetic, on a thread pool. Numbers
/// below 2^-126 count as zero. Results are bitwise the same for any number of threads.
const Executor& fused_executor();

namespace fused {
struct KernelTable;
}

/// Makes a fused executor with any of the kernel tables, for tests. `kernels` must outlive the executor.
std::unique_ptr<Executor> make_fused_executor(const fused::KernelTable& kernels);

}  // namespace rondo
