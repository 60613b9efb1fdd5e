#include "support/gradient_run.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "rondo/ops/ops.h"

namespace rondo::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The length of the gradients up to which no value that is computed for them leaves its range: a margin of 2^10 below
/// the largest f32, of which all sums are, and of 2^2 below the largest f16, in which gradients themselves may be.
double largest_compared(DType dtype) {
  switch (dtype) {
    case DType::f16: return 65504.0 / 4;
    case DType::f64: return std::numeric_limits<double>::max();
    default: return static_cast<double>(std::numeric_limits<float>::max()) / 1024;
  }
}

double inner_product(const Tensor& a, const Tensor& b) {
  const std::vector<double> left = a.to(DType::f64).contiguous().to_vector<double>();
  const std::vector<double> right = b.to(DType::f64).contiguous().to_vector<double>();
  double sum = 0;
  for (std::size_t k = 0; k < left.size(); ++k) sum += left[k] * right[k];
  return sum;
}

/// Copies of tensors in the plan's dtype, on its device.
class Mover {
 public:
  explicit Mover(const RecurrenceSpec& spec) : spec_(spec) {}
  Tensor operator()(const Tensor& tensor) const { return tensor.to(spec_.dtype).to(spec_.device); }
  std::optional<Tensor> operator()(const std::optional<Tensor>& tensor) const {
    return tensor ? std::optional((*this)(*tensor)) : std::nullopt;
  }
  std::vector<Tensor> operator()(const std::vector<Tensor>& tensors) const {
    std::vector<Tensor> moved;
    for (const Tensor& tensor : tensors) moved.push_back((*this)(tensor));
    return moved;
  }
  std::optional<Tensor> as_is(const std::optional<Tensor>& tensor) const {
    return tensor ? std::optional(tensor->to(spec_.device)) : std::nullopt;
  }
  Tensor unwritten(const Shape& shape) const { return Tensor::full(shape, kNaN, spec_.dtype, spec_.device); }

 private:
  const RecurrenceSpec& spec_;
};

}  // namespace

Upstream random_upstream(Random& random, const RandomRecurrence& recurrence) {
  const RecurrenceSpec& spec = recurrence.spec;
  const std::int64_t features = output_units(spec.cell);
  Upstream upstream;
  if (random.coin(0.8)) upstream.y = random.tensor({spec.T, spec.B, features}, 1.0);
  if (random.coin()) upstream.last_output = random.tensor({spec.B, features}, 1.0);
  if (!upstream.y && !upstream.last_output) upstream.y = random.tensor({spec.T, spec.B, features}, 1.0);
  if (random.coin()) return upstream;
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    upstream.final_state.push_back(random.tensor({spec.B, state_units(spec.cell, k)}, 1.0));
  }
  return upstream;
}

double loss_of(const Upstream& upstream, const RunResult& result) {
  double loss = upstream.y ? inner_product(*upstream.y, result.y) : 0.0;
  if (upstream.last_output) loss += inner_product(*upstream.last_output, result.last_output);
  for (std::size_t k = 0; k < upstream.final_state.size(); ++k) {
    loss += inner_product(upstream.final_state[k], result.final_state[k]);
  }
  return loss;
}

std::vector<std::pair<std::string, Tensor>> Gradients::all() const {
  std::vector<std::pair<std::string, Tensor>> named{{"x", x}};
  for (std::size_t k = 0; k < initial_state.size(); ++k) named.emplace_back("initial_state", initial_state[k]);
  for (std::size_t k = 0; k < reset_state.size(); ++k) named.emplace_back("reset_state", reset_state[k]);
  const auto add = [&](const char* name, const std::optional<Tensor>& weight) {
    if (weight) named.emplace_back(name, *weight);
  };
  add("kernel", weights.kernel);
  add("recurrent_kernel", weights.recurrent_kernel);
  add("bias", weights.bias);
  add("peepholes", weights.peepholes);
  add("projection", weights.projection);
  return named;
}

SessionTensors run_tensors(const Plan& plan, const RandomRecurrence& recurrence) {
  const RecurrenceSpec& spec = plan.spec();
  const Mover moved(spec);
  const std::int64_t features = output_units(spec.cell);
  SessionTensors tensors{.x = moved(recurrence.x)};
  tensors.mask = moved.as_is(recurrence.mask);
  tensors.lengths = moved.as_is(recurrence.lengths);
  tensors.resets = moved.as_is(recurrence.resets);
  tensors.reset_state = moved(recurrence.reset_state);
  tensors.initial_state = moved(recurrence.initial_state);
  tensors.y = moved.unwritten({spec.T, spec.B, features});
  tensors.last_output = moved.unwritten({spec.B, features});
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    tensors.final_state.push_back(moved.unwritten({spec.B, state_units(spec.cell, k)}));
  }
  if (plan.reserve_bytes() > 0) {
    tensors.reserve = plan.empty_reserve();
    tensors.reserve->fill(255);
  }
  return tensors;
}

SessionGradients unwritten_gradients(const Plan& plan, const RandomRecurrence& recurrence, const Upstream& upstream) {
  const RecurrenceSpec& spec = plan.spec();
  const Mover moved(spec);
  SessionGradients gradients{.y = moved(upstream.y), .last_output = moved(upstream.last_output)};
  gradients.final_state = moved(upstream.final_state);
  gradients.x = moved.unwritten({spec.T, spec.B, spec.I});
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    const std::int64_t units = state_units(spec.cell, k);
    gradients.initial_state.push_back(moved.unwritten({spec.B, units}));
    if (!spec.has_resets) continue;
    const bool of_rows = !recurrence.reset_state.empty() && recurrence.reset_state[0].rank() == 2;
    gradients.reset_state.push_back(moved.unwritten(of_rows ? Shape{spec.B, units} : Shape{units}));
  }
  const RecurrentWeights& weights = recurrence.weights;
  const auto unwritten = [&](const std::optional<Tensor>& weight) {
    return weight ? std::optional(moved.unwritten(weight->shape())) : std::nullopt;
  };
  gradients.weights = {.kernel = unwritten(weights.kernel),
                       .recurrent_kernel = unwritten(weights.recurrent_kernel),
                       .bias = unwritten(weights.bias),
                       .peepholes = unwritten(weights.peepholes),
                       .projection = unwritten(weights.projection)};
  return gradients;
}

Gradients gradients_of(const Plan& plan, const RandomRecurrence& recurrence, const Upstream& upstream) {
  const Mover moved(plan.spec());
  Session session(plan, recurrence.weights.map([&](const Tensor& weight) { return moved(weight); }));
  const SessionTensors run = run_tensors(plan, recurrence);
  session.run(run);
  const SessionGradients gradients = unwritten_gradients(plan, recurrence, upstream);
  session.backward(run, gradients);
  const auto on_cpu = [](const std::vector<Tensor>& tensors) {
    std::vector<Tensor> copies;
    for (const Tensor& tensor : tensors) copies.push_back(tensor.to(cpu()));
    return copies;
  };
  const auto weight = [](const std::optional<Tensor>& tensor) {
    return tensor ? std::optional(tensor->to(cpu())) : std::nullopt;
  };
  return {.x = gradients.x->to(cpu()),
          .initial_state = on_cpu(gradients.initial_state),
          .reset_state = on_cpu(gradients.reset_state),
          .weights = {.kernel = weight(gradients.weights.kernel),
                      .recurrent_kernel = weight(gradients.weights.recurrent_kernel),
                      .bias = weight(gradients.weights.bias),
                      .peepholes = weight(gradients.weights.peepholes),
                      .projection = weight(gradients.weights.projection)}};
}

Gradients oracle_gradients(const RandomRecurrence& recurrence, const Upstream& upstream) {
  RecurrenceSpec spec = recurrence.spec;
  spec.device = cpu();
  spec.dtype = DType::f64;
  spec.math = MatrixMath::strict;
  spec.keep = Keep::gates;
  spec.segment = 0;
  return gradients_of(Plan::create(spec, {.executor = "reference", .backward_executor = "reference"}), recurrence,
                      upstream);
}

double square_of(const Tensor& tensor) {
  const Tensor wide = tensor.to(DType::f64);
  return sum(mul(wide, wide)).item();
}

void expect_near(const Gradients& actual, const Gradients& expected, const Upstream& upstream, double tolerance) {
  const auto left = actual.all();
  const auto right = expected.all();
  ASSERT_EQ(left.size(), right.size());
  double error = 0;
  double length = upstream.y ? square_of(*upstream.y) : 0.0;
  if (upstream.last_output) length += square_of(*upstream.last_output);
  for (std::size_t k = 0; k < left.size(); ++k) {
    error += square_of(sub(left[k].second.to(DType::f64), right[k].second.to(DType::f64)));
    length += square_of(right[k].second);
  }
  if (std::sqrt(length) > largest_compared(actual.x.dtype())) return;
  EXPECT_LE(std::sqrt(error), tolerance * std::sqrt(length)) << "of " << std::sqrt(length);
}

Upstream rounded(Upstream upstream, DType dtype) {
  const auto round = [dtype](Tensor& tensor) { tensor = tensor.to(dtype).to(DType::f32); };
  if (upstream.y) round(*upstream.y);
  if (upstream.last_output) round(*upstream.last_output);
  for (Tensor& state : upstream.final_state) round(state);
  return upstream;
}

void for_each_activation(std::uint64_t seed, std::int64_t T,
                         const std::function<void(const RandomRecurrence&)>& check) {
  for (const std::string& name : activation_names()) {
    for (const bool of_gates : {false, true}) {
      Random random(seed++);
      RandomRecurrence recurrence = random_recurrence(random, {.B = 3, .T = T});
      CellSpec& cell = recurrence.spec.cell;
      cell.activation = of_gates ? Activation::tanh : activation_from_name(name);
      cell.recurrent_activation = of_gates ? activation_from_name(name) : Activation::softsign;
      SCOPED_TRACE(name + (of_gates ? " of the gates of " : " of ") + to_string(recurrence.spec));
      check(recurrence);
    }
  }
}

RandomRecurrence without_kinks(RandomRecurrence recurrence) {
  recurrence.spec.cell.activation = Activation::tanh;
  recurrence.spec.cell.recurrent_activation = Activation::sigmoid;
  recurrence.spec.cell.cell_clip.reset();
  recurrence.spec.cell.projection_clip.reset();
  return recurrence;
}

RecurrenceSpec random_keep(Random& random, RecurrenceSpec spec) {
  spec.keep = random.coin() ? Keep::gates : Keep::states;
  spec.segment = spec.keep == Keep::states && random.coin() ? random.integer(1, spec.T + 2) : 0;
  return spec;
}

}  // namespace rondo::test
