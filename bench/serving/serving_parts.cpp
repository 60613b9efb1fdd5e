#include "serving/serving_parts.h"

#include <span>
#include <stdexcept>

namespace rondo::bench {
namespace {

Tensor copy_of(const float* data, const Shape& shape) {
  return Tensor::from(std::span(data, static_cast<std::size_t>(shape.numel())), shape);
}

}  // namespace

LoadedNetwork network_of(const PeerProblem& problem) {
  if (problem.T != 1 || problem.gru != 0) throw std::runtime_error("a pool is measured with steps of an LSTM");
  const std::int64_t columns = 4 * problem.H;
  const RecurrenceSpec spec = {.cell = {.units = problem.H}, .I = problem.I};
  return {.spec = {.layers = {{.forward = spec}}},
          .weights = {{.forward = {.kernel = copy_of(problem.kernel, {problem.I, columns}),
                                   .recurrent_kernel = copy_of(problem.recurrent_kernel, {problem.H, columns}),
                                   .bias = copy_of(problem.bias, {columns})}}}};
}

StatePool pool_of(const PeerProblem& problem) {
  return {network_of(problem),
          {.slots = 2 * problem.B, .max_rows = problem.B, .network = {.threads = problem.threads}}};
}

}  // namespace rondo::bench
