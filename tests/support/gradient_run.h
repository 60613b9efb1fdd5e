/// Gradients of random recurrences.
#pragma once

#include <functional>
#include <vector>

#include "support/random_recurrence.h"

namespace rondo::test {

/// The gradient of a loss with respect to the results of a run: the loss is the sum of their products.
struct Upstream {
  std::optional<Tensor> y;
  std::optional<Tensor> last_output;
  std::vector<Tensor> final_state;
};

/// Random gradients, of some of the results.
Upstream random_upstream(Random& random, const RandomRecurrence& recurrence);

/// The loss of a run.
double loss_of(const Upstream& upstream, const RunResult& result);

/// Gradients on the CPU.
struct Gradients {
  Tensor x;
  std::vector<Tensor> initial_state;
  std::vector<Tensor> reset_state;  ///< in the shapes of the recurrence's; without any of a run with resets (H)
  WeightGradients weights;

  /// All of them, with their names.
  std::vector<std::pair<std::string, Tensor>> all() const;
};

/// The tensors of a run on the plan's device, with outputs that hold NaN, and with a reserve if the plan has one.
SessionTensors run_tensors(const Plan& plan, const RandomRecurrence& recurrence);

/// Gradients of the shapes of the recurrence, on the plan's device, that hold NaN.
SessionGradients unwritten_gradients(const Plan& plan, const RandomRecurrence& recurrence, const Upstream& upstream);

/// Runs a plan whose spec keeps something, and then its gradients.
Gradients gradients_of(const Plan& plan, const RandomRecurrence& recurrence, const Upstream& upstream);

/// The gradients by the reference in f64 on the CPU.
Gradients oracle_gradients(const RandomRecurrence& recurrence, const Upstream& upstream);

/// The sum of the squares of all elements.
double square_of(const Tensor& tensor);

/// Compares all gradients by the length of their error, relative to the length of all of them, those given and those
/// computed: a unit near the end of its range has almost no gradient, and 16 bits lose it. Gradients that grow over
/// time beyond the range of their dtype or of the f32 sums have nothing to compare: they are infinite or NaN.
void expect_near(const Gradients& actual, const Gradients& expected, const Upstream& upstream, double tolerance);

/// The gradients given in the precision of `dtype`.
Upstream rounded(Upstream upstream, DType dtype);

/// A random recurrence of B rows for each activation, as the state's and with a smooth one as the gates', or with tanh
/// and as the gates'. Calls `check` with each.
void for_each_activation(std::uint64_t seed, std::int64_t T, const std::function<void(const RandomRecurrence&)>& check);

/// The recurrence without kinks, in which no rounding lies on the other side of one, and with bounds that f16 has: for
/// runs whose precision is low, or which have so many steps that a rounding of f32 is likely to cross a kink.
RandomRecurrence without_kinks(RandomRecurrence recurrence);

/// The spec with `keep` and, for Keep::states, segments of some length or none.
RecurrenceSpec random_keep(Random& random, RecurrenceSpec spec);

}  // namespace rondo::test
