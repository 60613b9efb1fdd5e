#include "cuda/stepwise/stepwise_loop.cuh"

namespace rondo {
template void run_stepwise<Float16>(const StepwiseRun& run);
}  // namespace rondo
