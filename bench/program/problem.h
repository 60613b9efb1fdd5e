/// The tensors of a point: random weights, and inputs and outputs in several sets that runs take in turns.
#pragma once

#include <vector>

#include "program/point.h"
#include "rondo/plan/plan.h"

namespace rondo::bench {

struct Problem {
  RecurrenceSpec spec;
  RecurrentWeights weights;
  std::vector<SessionTensors> sets;  ///< 1 to 4
};

/// Weights are uniform in +-1 / sqrt(H), as frameworks initialise them, inputs uniform in +-1: on zeros a GPU runs
/// faster than on data. There are as many sets as together leave the caches, at most 4, so that x and y come from and
/// go to memory; the weights stay what they are in use, warm. Made on the current stream of `device`.
Problem make_problem(const Point& point, const DeviceProperties& device, std::uint64_t seed);

/// Fills what `tensors` has for output with NaN, so that what is not written shows.
void poison(const SessionTensors& tensors);

/// Numbers of the output to be compared between executors: the first, middle and last steps of y, or the last output.
std::vector<float> sample(const SessionTensors& tensors);

/// |a - b| / |b|, in the Euclidean norm; infinity where one has a NaN.
double relative_difference(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace rondo::bench
