#include "cuda/stepwise/stepwise_loop.cuh"

namespace rondo {
template void run_stepwise<double>(const StepwiseRun& run);
}  // namespace rondo
