// Pullbacks of TensorFlow 1's functions in f64 against finite differences of their calls.

#include <gtest/gtest.h>

#include "support/finite_differences.h"
#include "support/seeds.h"
#include "units/layers/v1_random_cells.h"

namespace rondo::test {
namespace {

/// Makes a cell of variables, which it takes from the front of what `next` points at.
using MakeCell = std::function<std::shared_ptr<Cell>(const Tensor*& next)>;

/// A kind of cell, and the variables of one.
struct CellOfVariables {
  MakeCell make;
  std::vector<Tensor> variables;
};

CellOfVariables random_lstm(Random& random, const RandomWeights& weights, std::int64_t I) {
  v1::LSTMCellOptions options = random_lstm_options(random);
  options.cell_clip = options.proj_clip = std::nullopt;  // kinks
  const v1::LSTMWeights drawn = weights.lstm(I, options);
  CellOfVariables cell{.make =
                           [options](const Tensor*& next) {
                             const auto optional = [&](bool has) {
                               return has ? std::optional(*next++) : std::nullopt;
                             };
                             v1::LSTMWeights given{.kernel = *next++, .bias = *next++};
                             given.w_f_diag = optional(options.use_peepholes);
                             given.w_i_diag = optional(options.use_peepholes);
                             given.w_o_diag = optional(options.use_peepholes);
                             given.projection_kernel = optional(options.num_proj.has_value());
                             return std::make_shared<v1::LSTMCell>(options, given);
                           },
                       .variables = {drawn.kernel, drawn.bias}};
  for (const auto* weight : {&drawn.w_f_diag, &drawn.w_i_diag, &drawn.w_o_diag, &drawn.projection_kernel}) {
    if (*weight) cell.variables.push_back(**weight);
  }
  return cell;
}

CellOfVariables random_cell_of_variables(Random& random, std::int64_t I) {
  const RandomWeights weights{random, DType::f64};
  const std::int64_t H = random.integer(1, 4);
  switch (random.integer(0, 3)) {
    case 0: {
      const v1::BasicRNNWeights drawn = weights.basic(I, H);
      return {[H](const Tensor*& next) {
                const v1::BasicRNNWeights given{.kernel = *next++, .bias = *next++};
                return std::make_shared<v1::BasicRNNCell>(v1::BasicRNNCellOptions{.num_units = H}, given);
              },
              {drawn.kernel, drawn.bias}};
    }
    case 1: {
      const v1::GRUWeights drawn = weights.gru(I, H);
      return {
          [H](const Tensor*& next) {
            const v1::GRUWeights given{
                .gates_kernel = *next++, .gates_bias = *next++, .candidate_kernel = *next++, .candidate_bias = *next++};
            return std::make_shared<v1::GRUCell>(v1::GRUCellOptions{.num_units = H}, given);
          },
          {drawn.gates_kernel, drawn.gates_bias, drawn.candidate_kernel, drawn.candidate_bias}};
    }
    case 2:
      return {[H](const Tensor*& next) {
                const RecurrentWeights given{.kernel = *next++, .recurrent_kernel = *next++, .bias = *next++};
                return std::make_shared<GRUCell>(GRUCellOptions{.units = H}, given);
              },
              {weights.matrix(I, 3 * H), weights.matrix(H, 3 * H), weights.matrix(2, 3 * H)}};
    default: return random_lstm(random, weights, I);
  }
}

std::shared_ptr<Cell> made(const CellOfVariables& cell) {
  const Tensor* next = cell.variables.data();
  return cell.make(next);
}

/// A cell, or a stack of cells in one of its forms.
CellOfVariables random_stack(Random& random, std::int64_t I) {
  std::vector<MakeCell> members;
  CellOfVariables stack;
  bool one_state = true;
  for (std::int64_t count = random.integer(1, 3); count > 0; --count) {
    const CellOfVariables member = random_cell_of_variables(random, I);
    const std::shared_ptr<Cell> cell = made(member);
    I = cell->output_size().leaf()[0];
    one_state = one_state && cell->state_size().is_leaf();
    members.push_back(member.make);
    stack.variables.insert(stack.variables.end(), member.variables.begin(), member.variables.end());
  }
  const bool keras = random.coin();
  const bool tuple = !one_state || random.coin();
  stack.make = [=](const Tensor*& next) -> std::shared_ptr<Cell> {
    std::vector<std::shared_ptr<Cell>> cells;
    for (const MakeCell& make : members) cells.push_back(make(next));
    if (cells.size() == 1) return cells[0];
    if (keras) return std::make_shared<StackedRNNCells>(cells);
    return std::make_shared<v1::MultiRNNCell>(cells, v1::MultiRNNCellOptions{.state_is_tuple = tuple});
  };
  return stack;
}

struct RandomSequence {
  std::int64_t T, B, I;
  bool time_major;
  Tensor x;
  std::optional<Tensor> lengths;

  explicit RandomSequence(Random& random)
      : T(random.integer(0, 5)), B(random.integer(1, 3)), I(random.integer(1, 3)), time_major(random.coin()) {
    x = random.tensor(time_major ? Shape{T, B, I} : Shape{B, T, I}, 1.0, DType::f64);
    if (random.coin(0.3)) return;
    lengths = Tensor::empty({B}, DType::i32);
    for (std::int64_t b = 0; b < B; ++b) {
      lengths->data<std::int32_t>()[b] = static_cast<std::int32_t>(random.integer(0, T));
    }
  }

  /// A state for the cell, or none.
  std::optional<Nest> state_of(Random& random, const Cell& cell) const {
    if (random.coin()) return std::nullopt;
    return cell.state_size().map(
        [&](const Shape& shape) { return random.tensor(shape.insert(0, B), 1.0, DType::f64); });
  }
};

void expect_gradients(Random& random, const Point& from, const CallAt& at) {
  const LayerResult result = at(from);
  const ResultGradients given = random_result_gradients(random, result);
  expect_derivative(random, from, Point(result.pullback(given.output, given.states)), at, given);
}

TEST(DynamicRnnGradients, AreThoseOfFiniteDifferences) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    const RandomSequence sequence(random);
    const CellOfVariables cell = random_stack(random, sequence.I);
    const std::optional<Nest> state = sequence.state_of(random, *made(cell));
    const Point from(sequence.x, state ? States{*state} : States(), {}, cell.variables);
    expect_gradients(random, from, [&](const Point& point) -> LayerResult {
      const Tensor* next = point.weights.data();
      v1::DynamicRnnOptions options{.dtype = DType::f64, .time_major = sequence.time_major, .gradients = true};
      options.sequence_length = sequence.lengths;
      if (state) options.initial_state = point.initial_state[0];
      const v1::DynamicRnnResult result = v1::dynamic_rnn(cell.make(next), point.inputs, options);
      return {result.outputs, {result.state}, result.pullback};
    });
  });
}

TEST(BidirectionalDynamicRnnGradients, AreThoseOfFiniteDifferences) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    const RandomSequence sequence(random);
    const CellOfVariables fw = random_stack(random, sequence.I);
    const CellOfVariables bw = random_stack(random, sequence.I);
    const std::optional<Nest> state_fw = sequence.state_of(random, *made(fw));
    const std::optional<Nest> state_bw = sequence.state_of(random, *made(bw));
    Point from(sequence.x, {}, {}, fw.variables);
    from.weights.insert(from.weights.end(), bw.variables.begin(), bw.variables.end());
    for (const auto* state : {&state_fw, &state_bw}) {
      if (*state) from.initial_state.push_back(**state);
    }
    expect_gradients(random, from, [&](const Point& point) -> LayerResult {
      const Tensor* next = point.weights.data();
      v1::BidirectionalRnnOptions options{.dtype = DType::f64, .time_major = sequence.time_major, .gradients = true};
      options.sequence_length = sequence.lengths;
      if (state_fw) options.initial_state_fw = point.initial_state.front();
      if (state_bw) options.initial_state_bw = point.initial_state.back();
      const std::shared_ptr<Cell> forward = fw.make(next);
      const auto result = v1::bidirectional_dynamic_rnn(forward, bw.make(next), point.inputs, options);
      return {Nest::tuple({result.outputs.fw, result.outputs.bw}),
              {result.output_states.fw, result.output_states.bw},
              result.pullback};
    });
  });
}

}  // namespace
}  // namespace rondo::test
