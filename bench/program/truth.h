/// The output of a point that all executors' outputs are compared with.
#pragma once

#include <string>
#include <vector>

#include "program/point.h"
#include "program/problem.h"
#include "rondo/tensor/stream.h"

namespace rondo::bench {

struct Truth {
  std::vector<float> output;  ///< as sample()
  std::string executor;       ///< whose it is
};

/// Whether the executor "reference", a plain loop, is done with the point in about a second.
bool is_short_for_reference(const Point& point);

/// Runs the executor that is trusted: cuda_stepwise on a CUDA device; on the CPU the reference where it takes a second
/// at most, or else cpu_gemm, or cpu_fused. Throws `RuntimeError` with the reasons when none of them can run it.
Truth find_truth(const Problem& problem, const Point& point, const DeviceProperties& device, Stream stream);

}  // namespace rondo::bench
