/// The trusted output of a point, which the outputs of all executors are compared with.
#pragma once

#include <string>
#include <vector>

#include "program/point.h"
#include "program/problem.h"
#include "rondo/tensor/stream.h"

namespace rondo::bench {

struct Truth {
  std::vector<float> output;  ///< what sample() returns
  std::string executor;       ///< the executor that computed the output
};

/// The executors whose results others are compared with, the first that runs the point.
std::vector<std::string> trusted_executors(const Point& point, Device device);

/// Whether the executor "reference", a scalar loop, finishes the point in about a second.
bool is_short_for_reference(const Point& point);

/// Runs the trusted executor: cuda_stepwise on a CUDA device; on the CPU the reference where it takes a second at most,
/// otherwise cpu_fused. Throws `RuntimeError` with the reasons when none of them can run the point.
Truth find_truth(const Problem& problem, const Point& point, const DeviceProperties& device, Stream stream);

}  // namespace rondo::bench
