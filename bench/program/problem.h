/// The tensors of a point: random weights, and several sets of inputs and outputs, which runs use alternately.
#pragma once

#include <vector>

#include "program/point.h"
#include "rondo/plan/plan.h"

namespace rondo::bench {

struct Problem {
  RecurrenceSpec spec;
  RecurrentWeights weights;
  std::vector<SessionTensors> sets;  ///< 1 to 4 sets
};

/// Makes the tensors of a point on the current stream of `device`. Weights are uniform in +-1 / sqrt(H), as frameworks
/// initialise them, inputs uniform in +-1, because a GPU runs faster on zeros than on data. There are enough sets, at
/// most 4, to exceed the caches, so that x and y are read from and written to memory; weights stay cached, as in use.
Problem make_problem(const Point& point, const DeviceProperties& device, std::uint64_t seed);

/// Fills the outputs of `tensors` with NaN, so that elements that a run does not write show.
void poison(const SessionTensors& tensors);

/// The numbers that are compared between executors: the first, middle and last steps of y, or the last output.
std::vector<float> sample(const SessionTensors& tensors);

/// |a - b| / |b|, in the Euclidean norm; infinity where one has a NaN.
double relative_difference(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace rondo::bench
