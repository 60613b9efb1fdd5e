#include "cuda/stepwise/stepwise_loop.cuh"

namespace rondo {
template void run_stepwise<float>(const StepwiseRun& run);
}  // namespace rondo
