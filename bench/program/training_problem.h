/// The tensors of a point's training steps: those of its runs, and the gradients that are given and computed.
#pragma once

#include <vector>

#include "program/point.h"
#include "program/problem.h"
#include "rondo/plan/plan.h"

namespace rondo::bench {

struct TrainingSet {
  SessionTensors run;          ///< without a reserve, whose length each executor decides
  SessionGradients gradients;  ///< of y, or of the last output; wanted: those of x and of all weights
};

struct TrainingProblem {
  RecurrenceSpec spec;  ///< with Keep::gates
  RecurrentWeights weights;
  std::vector<TrainingSet> sets;  ///< as Problem has them; all write the same gradients of weights
};

/// The recurrence of a point, whose runs keep what its gradients need.
RecurrenceSpec training_spec(const Point& point, Device device);

/// Makes the tensors as make_problem does. Given gradients are uniform in +-1.
TrainingProblem make_training_problem(const Point& point, const DeviceProperties& device, std::uint64_t seed);

/// Fills the outputs of the run and the gradients that are wanted with NaN.
void poison(const TrainingSet& set);

/// What is compared between executors: some of the output, of the gradient of x, and of those of the weights, each by
/// itself.
std::vector<std::vector<float>> sample(const TrainingSet& set);

/// The largest relative_difference of the parts of two samples.
double largest_difference(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& b);

}  // namespace rondo::bench
