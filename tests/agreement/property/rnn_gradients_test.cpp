// Gradients of the loop over time for steps that bring their own: finite differences, and Session::backward.

#include <gtest/gtest.h>

#include "layers/loop/loop_pullback.h"
#include "rondo/ops/operators.h"
#include "support/compare.h"
#include "support/finite_differences.h"
#include "support/gradient_run.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

Tensor turned(const Tensor& matrix) { return matrix.swap_axes(0, 1); }

/// a = x W + h U,  h' = tanh(a),  n' = n / 2 + the sum of v: n has no rows.  output = (h' v, h')
StepWithPullback odd_step(const Nest& x, const States& states, const Constants& constants) {
  const Tensor first = x[0];
  const Tensor second = x[1];
  const Tensor W = constants[0][0];
  const Tensor U = constants[0][1];
  const Tensor v = constants[1];
  const Tensor h = states[0];
  const Tensor next = tanh(dot(first * second, W) + dot(h, U));
  const auto pullback = [=](const Nest& d_output, const States& d_states) -> StepGradients {
    const Tensor d_next = d_output[0].leaf() * v + d_output[1] + d_states[0];
    const Tensor da = d_next * (1.0 - next * next);
    const Tensor d_v = sum(d_output[0].leaf() * next, {0}) + d_states[1];
    const Tensor d_product = dot(da, turned(W));
    return {.inputs = Nest::tuple({d_product * second, d_product * first}),
            .states = {dot(da, turned(U)), 0.5 * d_states[1].leaf()},
            .constants = {Nest::tuple({dot(turned(first * second), da), dot(turned(h), da)}), d_v}};
  };
  return {Nest::tuple({next * v, next}), {next, 0.5 * states[1].leaf() + sum(v)}, pullback};
}

/// Random arguments for odd_step, in f64.
struct OddRun {
  std::int64_t T, B, I, H;
  LoopOptions options;
  Nest inputs;
  States states;

  explicit OddRun(Random& random)
      : T(random.integer(0, 6)), B(random.integer(1, 4)), I(random.integer(1, 3)), H(random.integer(1, 3)) {
    const auto draw = [&](const Shape& shape) { return random.tensor(shape, 1.0, DType::f64); };
    const auto marks = [&](double probability) {
      const Tensor result = Tensor::empty({T, B}, DType::boolean);
      for (std::int64_t k = 0; k < T * B; ++k) result.data<bool>()[k] = random.coin(probability);
      return result;
    };
    inputs = Nest::tuple({draw({T, B, I}), draw({T, B, I})});
    states = {draw({B, H}), draw({})};
    options.rules.read = random.coin() ? ReadOrder::forward : ReadOrder::reversed;
    options.rules.write = random.coin() ? WriteOrder::processing : WriteOrder::input;
    options.rules.dead = random.coin() ? DeadOutput::previous_output : DeadOutput::zeros;
    options.return_all_outputs = random.coin(0.8);
    if (random.coin(0.7)) options.mask = marks(0.6);
    if (random.coin(0.4)) {
      std::vector<std::int32_t> lengths(static_cast<std::size_t>(B));
      for (std::int32_t& length : lengths) length = static_cast<std::int32_t>(random.integer(0, T));
      options.lengths = Tensor::from(lengths, {B});
    }
    if (random.coin()) options.resets = marks(0.3);
    if (options.resets.defined() && random.coin()) {
      options.reset_state = {draw(random.coin() ? Shape{H} : Shape{B, H}), draw({})};
    }
    options.constants = {Nest::tuple({draw({I, H}), draw({H, H})}), draw({H})};
  }

  Point point() const { return {inputs, states, options.reset_state, Nest::tuple(options.constants).flatten()}; }

  RnnWithPullback at(const Point& point) const {
    LoopOptions moved = options;
    moved.reset_state = point.reset_state;
    moved.constants = {Nest::tuple({point.weights[0], point.weights[1]}), point.weights[2]};
    return run_loop_with_pullback(odd_step, check_inputs(point.inputs, true), point.initial_state, moved);
  }
};

LayerResult as_layer_result(const RnnResult& result) {
  return {Nest::tuple({result.last_output, result.outputs}), result.new_states};
}

TEST(RnnGradients, AreThoseOfFiniteDifferences) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    const OddRun run(random);
    const RnnWithPullback here = run.at(run.point());
    const ResultGradients given = random_result_gradients(random, as_layer_result(here.result));
    const RnnGradients gradients =
        here.pullback({.last_output = given.output[0], .outputs = given.output[1], .new_states = given.states});
    const Point slopes(gradients.inputs, gradients.initial_states, gradients.reset_state,
                       Nest::tuple(gradients.constants).flatten());
    const auto at = [&](const Point& point) { return as_layer_result(run.at(point).result); };
    expect_derivative(random, run.point(), slopes, at, given);
  });
}

/// The LSTM of LstmFormula with Keras's weights as constants, in ops.
StepWithPullback lstm_step(const Nest& inputs, const States& states, const Constants& constants) {
  const Tensor x = inputs, h = states[0], c = states[1];
  const Tensor W = constants[0], U = constants[1], b = constants[2];
  const std::vector<Tensor> sums = split(dot(x, W) + dot(h, U) + b, 4);
  const Tensor i = sigmoid(sums[0]), f = sigmoid(sums[1]), g = tanh(sums[2]), o = sigmoid(sums[3]);
  const Tensor next_c = f * c + i * g;
  const Tensor y = tanh(next_c);
  const auto pullback = [=](const Nest& d_output, const States& d_states) -> StepGradients {
    const Tensor d_h = d_output.leaf() + d_states[0];
    const Tensor d_c = d_states[1].leaf() + d_h * o * (1.0 - y * y);
    const Tensor d_sums =
        concat({d_c * g * i * (1.0 - i), d_c * c * f * (1.0 - f), d_c * i * (1.0 - g * g), d_h * y * o * (1.0 - o)});
    return {.inputs = dot(d_sums, turned(W)),
            .states = {dot(d_sums, turned(U)), d_c * f},
            .constants = {dot(turned(x), d_sums), dot(turned(h), d_sums), sum(d_sums, {0})}};
  };
  const Tensor next_h = o * y;
  return {next_h, {next_h, next_c}, pullback};
}

/// A random recurrence of an LSTM in f64 that the loop runs as well.
std::optional<RandomRecurrence> random_lstm(Random& random) {
  RandomRecurrence recurrence = random_recurrence(random, {.plain_cell = true});
  RecurrenceSpec& spec = recurrence.spec;
  spec.cell = {.units = spec.cell.units};
  if (spec.B == 0 || spec.rules.read == ReadOrder::reversed_within_length) return std::nullopt;
  const std::int64_t H = spec.cell.units;
  const auto rows = [&] { return random.tensor({spec.B, H}, 1.0, DType::f64); };
  recurrence.weights = {.kernel = random.tensor({spec.I, 4 * H}, 1.0, DType::f64),
                        .recurrent_kernel = random.tensor({H, 4 * H}, 1.0, DType::f64),
                        .bias = random.tensor({4 * H}, 1.0, DType::f64)};
  recurrence.x = recurrence.x.to(DType::f64);
  recurrence.initial_state = {rows(), rows()};
  if (!recurrence.reset_state.empty()) recurrence.reset_state = {rows(), rows()};
  return recurrence;
}

/// The loop of lstm_step over the recurrence.
RnnWithPullback run_steps(const RandomRecurrence& recurrence) {
  const RecurrentWeights& weights = recurrence.weights;
  LoopOptions options{.rules = recurrence.spec.rules};
  options.mask = recurrence.mask.value_or(Tensor());
  options.lengths = recurrence.lengths.value_or(Tensor());
  options.resets = recurrence.resets.value_or(Tensor());
  options.reset_state = States(recurrence.reset_state.begin(), recurrence.reset_state.end());
  options.constants = {weights.kernel, weights.recurrent_kernel, *weights.bias};
  const States initial(recurrence.initial_state.begin(), recurrence.initial_state.end());
  return run_loop_with_pullback(lstm_step, check_inputs(recurrence.x, true), initial, options);
}

RnnResultGradients given_of(const Upstream& upstream) {
  RnnResultGradients given;
  if (upstream.y) given.outputs = upstream.y->to(DType::f64);
  if (upstream.last_output) given.last_output = upstream.last_output->to(DType::f64);
  for (const Tensor& state : upstream.final_state) given.new_states.emplace_back(state.to(DType::f64));
  return given;
}

void expect_equal(const RnnGradients& actual, const Gradients& expected) {
  EXPECT_TRUE(close(actual.inputs, expected.x, 1e-12));
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_TRUE(close(actual.initial_states[k], expected.initial_state[k], 1e-12)) << k;
    if (actual.reset_state.empty()) continue;
    EXPECT_TRUE(close(actual.reset_state[k], expected.reset_state[k], 1e-12)) << k;
  }
  EXPECT_TRUE(close(actual.constants[0], *expected.weights.kernel, 1e-12));
  EXPECT_TRUE(close(actual.constants[1], *expected.weights.recurrent_kernel, 1e-12));
  EXPECT_TRUE(close(actual.constants[2], *expected.weights.bias, 1e-12));
}

TEST(RnnGradients, AreThoseOfSessionBackward) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    const std::optional<RandomRecurrence> recurrence = random_lstm(random);
    if (!recurrence) return;
    RecurrenceSpec spec = recurrence->spec;
    SCOPED_TRACE(to_string(spec));
    spec.dtype = DType::f64;
    spec.keep = Keep::gates;
    const Upstream upstream = random_upstream(random, *recurrence);
    const Plan plan = Plan::create(spec, {.executor = "reference", .backward_executor = "reference"});
    expect_equal(run_steps(*recurrence).pullback(given_of(upstream)), gradients_of(plan, *recurrence, upstream));
  });
}

}  // namespace
}  // namespace rondo::test
