// dynamic_rnn and bidirectional_dynamic_rnn over random cells, stacks, lengths and layouts: cells that run over whole
// sequences against cells that are called step by step, lengths against rows that run alone, and both directions
// against rows that the test reverses.

#include <gtest/gtest.h>

#include <algorithm>

#include "support/compare.h"
#include "support/seeds.h"
#include "units/layers/v1_random_cells.h"

namespace rondo::test {
namespace {

struct RandomCall {
  DType dtype;
  std::int64_t T;
  std::int64_t B;
  std::shared_ptr<Cell> cell;
  Tensor x;  // (B, T, I), or time-major
  v1::DynamicRnnOptions options;
  std::vector<std::int64_t> lengths;  // lengths of all rows

  explicit RandomCall(Random& random)
      : dtype(random.coin(0.8) ? DType::f32 : DType::f64), T(random.integer(0, 7)), B(random.integer(0, 4)) {
    std::int64_t features = random.integer(1, 5);
    options.time_major = random.coin();
    x = random.tensor(options.time_major ? Shape{T, B, features} : Shape{B, T, features}, 1.0, dtype);
    draw_cell(random, features);
    draw_lengths(random);
    if (random.coin()) options.initial_state = draw_state(random);
    if (!options.initial_state || random.coin()) options.dtype = dtype;
    options.parallel_iterations = random.integer(0, 8);
  }

  void draw_cell(Random& random, std::int64_t features) {
    std::vector<std::shared_ptr<Cell>> cells;
    for (std::int64_t count = random.integer(1, 3); count > 0; --count) {
      cells.push_back(random_v1_cell(random, features, dtype));
      features = cells.back()->output_size().leaf()[0];
    }
    cell = cells[0];
    if (cells.size() == 1) return;
    const bool one_state =
        std::all_of(cells.begin(), cells.end(), [](const auto& member) { return member->state_size().is_leaf(); });
    if (one_state && random.coin(0.7)) {
      cell = std::make_shared<v1::MultiRNNCell>(cells, v1::MultiRNNCellOptions{.state_is_tuple = false});
    } else if (random.coin()) {
      cell = std::make_shared<v1::MultiRNNCell>(cells);
    } else {
      cell = std::make_shared<StackedRNNCells>(cells);
    }
  }

  void draw_lengths(Random& random) {
    lengths.assign(static_cast<std::size_t>(B), T);
    if (random.coin(0.3)) return;
    for (std::int64_t& length : lengths) length = random.integer(0, T);
    const Tensor given = Tensor::from(lengths, {B});
    options.sequence_length = random.coin() ? given : given.to(DType::i32);
  }

  Nest draw_state(Random& random) const {
    return cell->state_size().map([&](const Shape& shape) { return random.tensor(shape.insert(0, B), 1.0, dtype); });
  }

  double tolerance() const { return dtype == DType::f64 ? 1e-12 : 1e-5; }

  // The bound of errors, with the scale of RandomLayer::scale.
  double bound(const std::vector<Tensor>& results) const {
    double scale = largest_magnitude(x);
    if (options.initial_state) {
      for (const Tensor& leaf : options.initial_state->flatten()) scale = std::max(scale, largest_magnitude(leaf));
    }
    for (const Tensor& result : results) scale = std::max(scale, largest_magnitude(result));
    return tolerance() * scale;
  }

  Tensor row(const Tensor& sequence, std::size_t b) const {
    return sequence.slice(options.time_major ? 1 : 0, static_cast<std::int64_t>(b), static_cast<std::int64_t>(b) + 1);
  }
  Tensor steps(const Tensor& sequence, std::int64_t begin, std::int64_t end) const {
    return sequence.slice(options.time_major ? 0 : 1, begin, end);
  }
  Tensor backwards(const Tensor& sequence) const {
    const int axis = options.time_major ? 0 : 1;
    return sequence.slice(axis, sequence.size(axis) - 1, -1, -1);
  }
};

std::vector<Tensor> results_of(const v1::DynamicRnnResult& result) {
  std::vector<Tensor> tensors = result.state.flatten();
  tensors.push_back(result.outputs);
  return tensors;
}

void expect_close(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected, double bound) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t k = 0; k < actual.size(); ++k) {
    EXPECT_TRUE(within(actual[k], expected[k], bound)) << "in result " << k << ", the last is the output";
  }
}

// A function that takes one row of a state's leaf.
auto row_of(std::size_t b) {
  return [row = static_cast<std::int64_t>(b)](const Tensor& leaf) { return leaf.slice(0, row, row + 1); };
}

Nest zero_states(const Cell& cell, DType dtype) {
  return cell.state_size().map([&](const Shape& shape) { return Tensor::zeros(shape.insert(0, 1), dtype); });
}

TEST(V1Property, WholeSequencesAndStepsAgree) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    const RandomCall call(random);
    const auto called = std::make_shared<CalledCell>(call.cell);
    const std::vector<Tensor> whole = results_of(v1::dynamic_rnn(call.cell, call.x, call.options));
    const std::vector<Tensor> stepped = results_of(v1::dynamic_rnn(called, call.x, call.options));
    EXPECT_EQ(called->calls(), call.T);
    expect_close(whole, stepped, call.bound(stepped));
  });
}

// The expected results are those of a loop over time for each row alone.
TEST(V1Property, ARowEndsAtItsLength) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    const RandomCall call(random);
    const v1::DynamicRnnResult all = v1::dynamic_rnn(call.cell, call.x, call.options);
    for (std::size_t b = 0; b < call.lengths.size(); ++b) {
      const Nest initial =
          call.options.initial_state ? call.options.initial_state->map(row_of(b)) : zero_states(*call.cell, call.dtype);
      States states = initial.is_leaf() ? States{initial} : initial.children();
      const Tensor x = call.row(call.x, b);
      const Tensor outputs = call.row(all.outputs, b);
      const int time_axis = call.options.time_major ? 0 : 1;
      for (std::int64_t t = 0; t < call.T; ++t) {
        Tensor expected = Tensor::zeros({1, outputs.size(2)}, call.dtype);
        if (t < call.lengths[b]) {
          const StepResult step = call.cell->call(x.select(time_axis, t), states, {});
          expected = step.output;
          states = step.states;
        }
        EXPECT_TRUE(within(outputs.select(time_axis, t), expected, call.bound({expected}))) << "at step " << t;
      }
      const std::vector<Tensor> last = Nest::tuple(states).flatten();
      expect_close(all.state.map(row_of(b)).flatten(), last, call.bound(last));
    }
  });
}

TEST(V1Property, TheBackwardDirectionIsReversedWithinEachRow) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    const RandomCall call(random);
    const Nest state = call.draw_state(random);
    const auto called = std::make_shared<CalledCell>(call.cell);
    const v1::BidirectionalRnnOptions options{.sequence_length = call.options.sequence_length,
                                              .initial_state_fw = call.options.initial_state,
                                              .initial_state_bw = state,
                                              .dtype = call.dtype,
                                              .parallel_iterations = call.options.parallel_iterations,
                                              .time_major = call.options.time_major};
    const auto cell_bw = random.coin() ? call.cell : called;
    const v1::BidirectionalRnnResult both = v1::bidirectional_dynamic_rnn(call.cell, cell_bw, call.x, options);
    const v1::DynamicRnnResult forward = v1::dynamic_rnn(call.cell, call.x, call.options);
    EXPECT_TRUE(identical(both.outputs.fw, forward.outputs));
    for (std::size_t b = 0; b < call.lengths.size(); ++b) {
      const std::int64_t length = call.lengths[b];
      const Tensor reversed = call.backwards(call.steps(call.row(call.x, b), 0, length)).clone();
      const v1::DynamicRnnResult row = v1::dynamic_rnn(
          call.cell, reversed, {.initial_state = state.map(row_of(b)), .time_major = call.options.time_major});
      const double bound = std::max(call.bound(results_of(row)), call.bound(state.flatten()));
      const Tensor outputs = call.row(both.outputs.bw, b);
      EXPECT_TRUE(within(call.backwards(call.steps(outputs, 0, length)), row.outputs, bound));
      const Tensor beyond = call.steps(outputs, length, call.T);
      EXPECT_TRUE(identical(beyond, Tensor::zeros(beyond.shape(), call.dtype)));
      expect_close(both.output_states.bw.map(row_of(b)).flatten(), row.state.flatten(), bound);
    }
  });
}

}  // namespace
}  // namespace rondo::test
