#include "program/training_problem.h"

#include <algorithm>
#include <limits>

#include "program/random_tensors.h"

namespace rondo::bench {
namespace {

Tensor empty_like(const Tensor& tensor) { return Tensor::empty(tensor.shape(), tensor.dtype(), tensor.device()); }

/// Random numbers in the shape of `tensor`, batch by batch where it lies so.
Tensor random_like(const Tensor& tensor, RandomTensors& random) {
  const bool swapped = tensor.rank() == 3 && !tensor.is_contiguous();
  if (!swapped) return random(tensor.shape(), 1.0);
  return random({tensor.size(1), tensor.size(0), tensor.size(2)}, 1.0).swap_axes(0, 1);
}

Tensor laid_out_as(const Tensor& tensor) {
  const bool swapped = tensor.rank() == 3 && !tensor.is_contiguous();
  return swapped ? empty_like(tensor.swap_axes(0, 1)).swap_axes(0, 1) : empty_like(tensor);
}

std::vector<Tensor> wanted_of(const SessionGradients& gradients) {
  std::vector<Tensor> wanted{*gradients.x, *gradients.weights.kernel, *gradients.weights.recurrent_kernel};
  if (gradients.weights.bias) wanted.push_back(*gradients.weights.bias);
  return wanted;
}

}  // namespace

RecurrenceSpec training_spec(const Point& point, Device device) {
  RecurrenceSpec spec = point.spec(device);
  spec.keep = Keep::gates;
  return spec;
}

TrainingProblem make_training_problem(const Point& point, const DeviceProperties& device, std::uint64_t seed) {
  Problem problem = make_problem(point, device, seed);
  TrainingProblem training{.spec = training_spec(point, device.device), .weights = problem.weights, .sets = {}};
  WeightGradients weights{.kernel = empty_like(training.weights.kernel),
                          .recurrent_kernel = empty_like(training.weights.recurrent_kernel)};
  if (training.weights.bias) weights.bias = empty_like(*training.weights.bias);
  RandomTensors random(seed + 1, point.arithmetic, device.device);
  for (SessionTensors& run : problem.sets) {
    SessionGradients gradients{.x = laid_out_as(run.x), .weights = weights, .reserve_use = ReserveUse::consume};
    if (run.y) gradients.y = random_like(*run.y, random);
    if (run.last_output) gradients.last_output = random_like(*run.last_output, random);
    training.sets.push_back({std::move(run), std::move(gradients)});
  }
  return training;
}

void poison(const TrainingSet& set) {
  poison(set.run);
  for (const Tensor& tensor : wanted_of(set.gradients)) tensor.fill(std::numeric_limits<double>::quiet_NaN());
}

std::vector<std::vector<float>> sample(const TrainingSet& set) {
  std::vector<std::vector<float>> parts{sample(set.run)};
  // The first, middle and last rows, as of y.
  for (const Tensor& tensor : wanted_of(set.gradients)) {
    SessionTensors rows;
    (tensor.rank() == 1 ? rows.last_output : rows.y) = tensor;
    parts.push_back(sample(rows));
  }
  return parts;
}

double largest_difference(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& b) {
  double largest = 0;
  for (std::size_t k = 0; k < b.size(); ++k) largest = std::max(largest, relative_difference(a[k], b[k]));
  return largest;
}

}  // namespace rondo::bench
