#include "support/random_recurrence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "support/compare.h"

namespace rondo::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

CellSpec random_cell(Random& random) {
  const auto activation = [&] {
    return random.pick({Activation::tanh, Activation::tanh, Activation::tanh, Activation::relu, Activation::linear,
                        Activation::sigmoid});
  };
  const auto gate_activation = [&] {
    return random.pick(
        {Activation::sigmoid, Activation::sigmoid, Activation::hard_sigmoid, Activation::hard_sigmoid_keras3});
  };
  return {.kind = random.pick({CellKind::simple_rnn, CellKind::lstm, CellKind::gru, CellKind::mgu}),
          .units = random.coin(0.1) ? random.integer(16, 40) : random.integer(1, 9),
          .activation = activation(),
          .recurrent_activation = gate_activation(),
          .use_bias = random.coin(0.8),
          .reset_after = random.coin()};
}

// A (T, B, I) view over memory in a layout that a caller may have.
Tensor random_sequence(Random& random, const RecurrenceSpec& spec) {
  switch (random.integer(0, 4)) {
    case 0: return random.tensor({spec.T, spec.B, spec.I}, 1.0);
    case 1: return random.tensor({spec.B, spec.T, spec.I}, 1.0).swap_axes(0, 1);
    case 2: return random.tensor({spec.T, spec.B, spec.I}, 1.0).slice(0, spec.T - 1, -1, -1);
    case 3: return random.tensor({spec.T, spec.B, spec.I + 3}, 1.0).slice(2, 2, spec.I + 2);
    default:
      return random.tensor({2 * spec.T, spec.B + 1, spec.I}, 1.0).slice(0, 0, 2 * spec.T, 2).slice(1, 1, spec.B + 1);
  }
}

// Booleans (T, B), all true, in one of two layouts.
Tensor all_true(Random& random, const RecurrenceSpec& spec) {
  return random.coin() ? Tensor::full({spec.T, spec.B}, 1.0, DType::boolean)
                       : Tensor::full({spec.B, spec.T}, 1.0, DType::boolean).swap_axes(0, 1);
}

Tensor random_mask(Random& random, const RecurrenceSpec& spec) {
  const Tensor mask = all_true(random, spec);
  const double live = random.pick({0.0, 0.3, 0.7, 0.95, 1.0});
  const std::int64_t shape_of_holes = random.integer(0, 2);
  for (std::int64_t b = 0; b < spec.B; ++b) {
    const std::int64_t edge = random.integer(0, spec.T);
    for (std::int64_t t = 0; t < spec.T; ++t) {
      const bool on = shape_of_holes == 0 ? random.coin(live) : (shape_of_holes == 1 ? t < edge : t >= edge);
      mask.select(0, t).select(0, b).fill(on ? 1.0 : 0.0);
    }
  }
  return mask;
}

bool is_live(const RandomRecurrence& recurrence, std::int64_t t, std::int64_t b) {
  const bool in_mask = !recurrence.mask || recurrence.mask->select(0, t).select(0, b).item() != 0.0;
  return in_mask && (!recurrence.lengths || static_cast<double>(t) < recurrence.lengths->select(0, b).item());
}

void draw_liveness(Random& random, RandomRecurrence& recurrence) {
  const RecurrenceSpec& spec = recurrence.spec;
  if (spec.has_mask) recurrence.mask = random_mask(random, spec);
  if (spec.has_lengths) {
    recurrence.lengths = Tensor::empty({spec.B}, DType::i32);
    for (std::int64_t b = 0; b < spec.B; ++b) {
      recurrence.lengths->data<std::int32_t>()[b] = static_cast<std::int32_t>(random.integer(0, spec.T));
    }
  }
  const bool poison = random.coin();
  recurrence.live = Tensor::empty({spec.T, spec.B}, DType::boolean);
  for (std::int64_t t = 0; t < spec.T; ++t) {
    for (std::int64_t b = 0; b < spec.B; ++b) {
      const bool live = is_live(recurrence, t, b);
      recurrence.live.select(0, t).select(0, b).fill(live ? 1.0 : 0.0);
      if (poison && !live) recurrence.x.select(0, t).select(0, b).fill(kNaN);
    }
  }
}

std::vector<Tensor> converted(const std::vector<Tensor>& tensors, DType dtype, Device device) {
  std::vector<Tensor> result;
  for (const Tensor& tensor : tensors) result.push_back(tensor.to(dtype).to(device));
  return result;
}

std::optional<Tensor> moved(const std::optional<Tensor>& tensor, Device device) {
  return tensor ? std::optional(tensor->to(device)) : std::nullopt;
}

}  // namespace

void draw_resets(Random& random, RandomRecurrence& recurrence) {
  RecurrenceSpec& spec = recurrence.spec;
  spec.has_resets = true;
  recurrence.resets = all_true(random, spec);
  const double often = random.pick({0.0, 0.1, 0.4, 1.0});
  for (std::int64_t b = 0; b < spec.B; ++b) {
    for (std::int64_t t = 0; t < spec.T; ++t) {
      recurrence.resets->select(0, t).select(0, b).fill(random.coin(often) ? 1.0 : 0.0);
    }
  }
  recurrence.reset_state.clear();
  if (random.coin(0.4)) return;
  const bool for_each_row = random.coin();
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    const std::int64_t units = state_units(spec.cell, k);
    recurrence.reset_state.push_back(random.tensor(for_each_row ? Shape{spec.B, units} : Shape{units}, 1.0));
  }
}

void draw_other_activations(Random& random, CellSpec& cell) {
  using Kind = ActivationKind;
  // All that are continuous and do not grow without bound from step to step, because a test's tolerance is for these.
  static const std::vector<Activation> kStates = {Kind::elu,
                                                  {Kind::elu, 0.5},
                                                  Kind::selu,
                                                  {Kind::celu, 1.5},
                                                  Kind::silu,
                                                  Kind::hard_silu,
                                                  Kind::gelu,
                                                  Kind::gelu_tanh,
                                                  Kind::mish,
                                                  Kind::softplus,
                                                  Kind::softsign,
                                                  Kind::relu6,
                                                  {Kind::leaky_relu, 0.3},
                                                  Kind::log_sigmoid,
                                                  Kind::hard_tanh,
                                                  {Kind::soft_shrink, 0.25},
                                                  Kind::tanh_shrink,
                                                  Kind::squareplus,
                                                  Kind::sparse_plus,
                                                  {Kind::general_relu, 0.1, 1.5},
                                                  {Kind::affine, 0.5, 0.25},
                                                  {Kind::scaled_tanh, 1.5, 0.7}};
  static const std::vector<Activation> kGates = {Kind::sparse_sigmoid, {Kind::hard_sigmoid_onnx, 0.25, 0.375},
                                                 Kind::softsign,       {Kind::scaled_tanh, 0.9, 1.2},
                                                 Kind::hard_tanh,      {Kind::general_relu, 0, 1},
                                                 Kind::sigmoid};
  const auto pick = [&](const std::vector<Activation>& from) {
    return from[static_cast<std::size_t>(random.integer(0, std::ssize(from) - 1))];
  };
  cell.activation = pick(kStates);
  cell.recurrent_activation = pick(kGates);
}

void draw_lstm_variant(Random& random, CellSpec& cell) {
  cell.use_peepholes = random.coin();
  if (random.coin(0.4)) cell.cell_clip = random.uniform(0.05, 1.0);
  if (random.coin()) cell.projection_units = random.coin(0.1) ? random.integer(16, 40) : random.integer(1, 9);
  if (cell.projection_units && random.coin()) cell.projection_clip = random.uniform(0.02, 0.5);
}

RecurrentWeights random_weights(Random& random, const CellSpec& cell, std::int64_t I) {
  const std::int64_t columns = gate_count(cell.kind) * cell.units;
  const std::int64_t features = output_units(cell);
  // Weights are small enough that states of an unbounded activation do not diverge.
  const double scale = 0.9 / static_cast<double>(features);
  RecurrentWeights weights{random.tensor({I, columns}, 1.0), random.tensor({features, columns}, scale), std::nullopt};
  const bool two_rows = bias_rows(cell) == 2;
  if (cell.use_bias) weights.bias = random.tensor(two_rows ? Shape{2, columns} : Shape{columns}, 0.5);
  if (cell.use_peepholes) weights.peepholes = random.tensor({3, cell.units}, 0.9);
  if (cell.projection_units) {
    weights.projection = random.tensor({cell.units, features}, 1.5 / static_cast<double>(cell.units));
  }
  return weights;
}

RandomRecurrence random_recurrence(Random& random, const WantedSizes& sizes) {
  RandomRecurrence recurrence;
  RecurrenceSpec& spec = recurrence.spec;
  spec.cell = random_cell(random);
  spec.cell.units = sizes.units.value_or(spec.cell.units);
  if (spec.cell.kind == CellKind::lstm && !sizes.plain_cell && random.coin(0.6)) draw_lstm_variant(random, spec.cell);
  if (!sizes.plain_cell && random.coin(0.3)) draw_other_activations(random, spec.cell);
  spec.T = sizes.T.value_or(random.integer(0, 9));
  spec.B = sizes.B.value_or(random.integer(0, 6));
  spec.I = sizes.I.value_or(random.integer(1, 7));
  spec.rules.read = random.pick({ReadOrder::forward, ReadOrder::reversed, ReadOrder::reversed_within_length});
  spec.rules.write = random.pick({WriteOrder::processing, WriteOrder::input});
  spec.rules.dead = random.pick({DeadOutput::previous_output, DeadOutput::zeros, DeadOutput::incoming_state});
  spec.has_mask = random.coin(0.6);
  spec.has_lengths = random.coin(0.4);
  recurrence.weights = random_weights(random, spec.cell, spec.I);
  recurrence.x = random_sequence(random, spec);
  if (random.coin()) {
    for (int k = 0; k < state_count(spec.cell.kind); ++k) {
      recurrence.initial_state.push_back(random.tensor({spec.B, state_units(spec.cell, k)}, 1.0));
    }
  }
  draw_liveness(random, recurrence);
  if (random.coin(0.4)) draw_resets(random, recurrence);
  return recurrence;
}

RandomRecurrence rounded(RandomRecurrence recurrence, DType dtype) {
  const auto rounded_tensor = [&](const Tensor& tensor) { return tensor.to(dtype).to(DType::f32); };
  recurrence.x = rounded_tensor(recurrence.x);
  recurrence.weights = recurrence.weights.map(rounded_tensor);
  for (Tensor& state : recurrence.initial_state) state = rounded_tensor(state);
  for (Tensor& state : recurrence.reset_state) state = rounded_tensor(state);
  return recurrence;
}

RunResult run_on(const std::string& executor, const RandomRecurrence& recurrence, DType dtype) {
  RecurrenceSpec spec = recurrence.spec;
  spec.dtype = dtype;
  return run_plan(Plan::create(spec, {.executor = executor}), recurrence);
}

RunResult run_plan(const Plan& plan, const RandomRecurrence& recurrence) {
  const RecurrenceSpec& spec = plan.spec();
  const auto unwritten = [&](const Shape& shape) { return Tensor::full(shape, kNaN, spec.dtype, spec.device); };
  const std::int64_t features = output_units(spec.cell);
  RunResult result{unwritten({spec.T, spec.B, features}), unwritten({spec.B, features}), {}};
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    result.final_state.push_back(unwritten({spec.B, state_units(spec.cell, k)}));
  }
  Session session(plan,
                  recurrence.weights.map([&](const Tensor& weight) { return weight.to(spec.dtype).to(spec.device); }));
  session.run({.x = recurrence.x.to(spec.dtype).to(spec.device),
               .mask = moved(recurrence.mask, spec.device),
               .lengths = moved(recurrence.lengths, spec.device),
               .resets = moved(recurrence.resets, spec.device),
               .reset_state = converted(recurrence.reset_state, spec.dtype, spec.device),
               .initial_state = converted(recurrence.initial_state, spec.dtype, spec.device),
               .y = result.y,
               .last_output = result.last_output,
               .final_state = result.final_state});
  return {result.y.to(cpu()), result.last_output.to(cpu()), converted(result.final_state, spec.dtype, cpu())};
}

double scale_of(const RandomRecurrence& recurrence, const RunResult& result) {
  double scale = std::max(largest_magnitude(recurrence.x), largest_magnitude(result.y));
  for (const auto* states : {&recurrence.initial_state, &recurrence.reset_state}) {
    for (const Tensor& state : *states) scale = std::max(scale, largest_magnitude(state));
  }
  for (const Tensor& state : result.final_state) scale = std::max(scale, largest_magnitude(state));
  return scale;
}

void expect_close(const RunResult& actual, const RunResult& expected, double bound) {
  if (actual.y.defined()) {
    EXPECT_TRUE(within(actual.y, expected.y, bound)) << "in y";
  }
  EXPECT_TRUE(within(actual.last_output, expected.last_output, bound)) << "in last_output";
  ASSERT_EQ(actual.final_state.size(), expected.final_state.size());
  for (std::size_t k = 0; k < expected.final_state.size(); ++k) {
    EXPECT_TRUE(within(actual.final_state[k], expected.final_state[k], bound)) << "in final_state[" << k << "]";
  }
}

}  // namespace rondo::test
