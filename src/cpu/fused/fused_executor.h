/// The fast CPU executor: products in panels that hold all gates of their units, with the gates on their heels.
#pragma once

#include "recurrence/executor.h"

namespace rondo {

/// Every cell and Schedule in f32, and in f16 and bf16 with f32 arithmetic, on a thread pool. Numbers below 2^-126
/// count as zero. Results are bitwise the same for any number of threads.
const Executor& fused_executor();

namespace fused {
struct KernelTable;
}

/// The same with kernels that need not be the best ones, for tests.
std::unique_ptr<Executor> make_fused_executor(const fused::KernelTable& kernels);

}  // namespace rondo
