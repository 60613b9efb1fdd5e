#include "cuda/stepwise/stepwise_loop.cuh"

namespace rondo {
template void run_stepwise<BFloat16>(const StepwiseRun& run);
}  // namespace rondo
