// raw_rnn beyond the goldens: the arguments of the loop function, finished rows, and bad input.

#include <gtest/gtest.h>

#include <functional>

#include "rondo/ops/ops.h"
#include "rondo/tf1/v1.h"
#include "support/compare.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_words;
using test::identical;

constexpr std::int64_t B = 2;
constexpr std::int64_t H = 3;

// A cell with h' = h + x, and a count of the steps of rank 0. The output is h.
class CountingCell final : public Cell {
 public:
  SizeNest state_size() const override { return SizeNest::tuple({Shape{H}, Shape{}}); }
  SizeNest output_size() const override { return Shape{H}; }
  StepResult call(const Nest& x, const States& states, const CellContext&) override {
    const Tensor h = add(states[0], x);
    return {h, {h, add(states[1], 1.0)}};
  }
};

Tensor full(double value) { return Tensor::full({B, H}, value, DType::f32); }
Nest start() { return Nest::tuple({full(0), Tensor::zeros({}, DType::f32)}); }

// A loop function whose inputs are ones. Row 0 is finished after the first step, row 1 after the third.
v1::LoopFunctionResult usual(const v1::LoopFunctionArguments& now) {
  v1::LoopFunctionResult next{.elements_finished = Tensor::from<bool>({now.time >= 1, now.time == 3}, {B}),
                              .next_input = full(1),
                              .next_cell_state = now.cell_state ? *now.cell_state : start()};
  if (now.cell_output) next.emit_output = now.cell_output;
  return next;
}

v1::RawRnnResult run(const v1::LoopFunction& loop) { return v1::raw_rnn(std::make_shared<CountingCell>(), loop); }

TEST(RawRnn, FinishedRowsEmitZerosAndKeepTheirState) {
  const v1::RawRnnResult result = run(usual);
  EXPECT_EQ(result.emit.leaf().shape(), (Shape{3, B, H}));
  EXPECT_EQ(result.emit.leaf().select(2, 0).to_vector<float>(), (std::vector<float>{1, 1, 0, 2, 0, 3}));
  EXPECT_EQ(result.state[0].leaf().select(1, 0).to_vector<float>(), (std::vector<float>{1, 3}));
  EXPECT_EQ(result.state[1].leaf().item(), 3.0);
  EXPECT_FALSE(result.loop_state.has_value());
}

TEST(RawRnn, ARowStaysFinished) {
  const v1::RawRnnResult result = run([](const v1::LoopFunctionArguments& now) {
    v1::LoopFunctionResult next = usual(now);
    next.elements_finished = Tensor::from<bool>({now.time == 1, now.time == 3}, {B});
    return next;
  });
  EXPECT_EQ(result.emit.leaf().select(2, 0).to_vector<float>(), (std::vector<float>{1, 1, 0, 2, 0, 3}));
}

TEST(RawRnn, TheLoopFunctionSeesWhatTheCellReturned) {
  std::vector<std::int64_t> times;
  const v1::RawRnnResult result = run([&](const v1::LoopFunctionArguments& now) {
    times.push_back(now.time);
    EXPECT_EQ(now.cell_output.has_value(), now.time > 0);
    EXPECT_EQ(now.cell_state.has_value(), now.time > 0);
    if (now.time == 2) {  // row 0 is finished; the cell continues from the kept state
      EXPECT_EQ(now.cell_output->leaf().select(1, 0).to_vector<float>(), (std::vector<float>{2, 2}));
      EXPECT_TRUE(identical((*now.cell_state)[0], *now.cell_output));
    }
    return usual(now);
  });
  EXPECT_EQ(times, (std::vector<std::int64_t>{0, 1, 2, 3}));
}

TEST(RawRnn, ALoopStateThatIsNotGivenStays) {
  std::vector<double> seen;
  const v1::RawRnnResult result = run([&](const v1::LoopFunctionArguments& now) {
    v1::LoopFunctionResult next = usual(now);
    seen.push_back(now.loop_state ? now.loop_state->leaf().item() : -1);
    if (now.time != 2) next.next_loop_state = Tensor::full({}, static_cast<double>(10 * now.time), DType::f32);
    return next;
  });
  EXPECT_EQ(seen, (std::vector<double>{-1, 0, 10, 10}));
  EXPECT_EQ(result.loop_state->leaf().item(), 30.0);
}

TEST(RawRnn, TimeZeroSaysWhatIsEmitted) {
  const v1::RawRnnResult result = run([](const v1::LoopFunctionArguments& now) {
    v1::LoopFunctionResult next = usual(now);
    const Tensor like = now.time == 0 ? Tensor::zeros({}, DType::f64) : sum(full(2), {1}).to(DType::f64);
    next.emit_output = Nest::named({{"sum", like}});
    return next;
  });
  EXPECT_EQ(result.emit["sum"].leaf().to_vector<double>(), (std::vector<double>{6, 6, 0, 6, 0, 6}));
}

TEST(RawRnn, WithAllRowsFinishedNothingIsCalled) {
  const v1::RawRnnResult result = run([](const v1::LoopFunctionArguments& now) {
    EXPECT_EQ(now.time, 0);
    v1::LoopFunctionResult next = usual(now);
    next.elements_finished = Tensor::full({B}, 1, DType::boolean);
    next.next_loop_state = full(5);
    return next;
  });
  EXPECT_EQ(result.emit.leaf().shape(), (Shape{0, B, H}));
  EXPECT_TRUE(identical(result.state[0], full(0)));
  EXPECT_TRUE(identical(*result.loop_state, full(5)));
}

struct BadLoop {
  const char* what;
  std::vector<std::string> words;
  std::int64_t time;  // time of the changed result
  std::function<void(v1::LoopFunctionResult&)> change;
};

TEST(RawRnn, NamesWhatTheLoopFunctionReturned) {
  const BadLoop table[] = {
      {"flags of another batch",
       {"loop_function: elements_finished: got bool(3,)", "bool(2,) on cpu"},
       0,
       [](auto& next) { next.elements_finished = Tensor::zeros({3}, DType::boolean); }},
      {"flags that are no booleans",
       {"loop_function: elements_finished: got f32(2,)", "bool(2,)"},
       1,
       [](auto& next) { next.elements_finished = Tensor::zeros({B}, DType::f32); }},
      {"no input", {"loop_function: next_input: got no tensor"}, 0, [](auto& next) { next.next_input = Nest(); }},
      {"inputs of two batches",
       {"loop_function: next_input: got f32(3, 3)", "one B for all"},
       0,
       [](auto& next) {
         next.next_input = Nest::tuple({full(1), Tensor::zeros({3, H}, DType::f32)});
       }},
      {"an input of another shape",
       {"loop_function: next_input[0]: got f32(2, 1)", "f32(2, 3)"},
       2,
       [](auto& next) { next.next_input = full(1).slice(1, 0, 1); }},
      {"no initial state",
       {"loop_function: next_cell_state: got the structure ()", "(*, *)"},
       0,
       [](auto& next) { next.next_cell_state = Nest(); }},
      {"an initial state of another batch",
       {"loop_function: next_cell_state: got f32(1, 3)", "(2, 3) on cpu"},
       0,
       [](auto& next) {
         next.next_cell_state = Nest::tuple({full(0).slice(0, 0, 1), Tensor::zeros({}, DType::f32)});
       }},
      {"a state of another dtype",
       {"loop_function: next_cell_state[0]: got f64(2, 3)", "f32(2, 3)"},
       1,
       [](auto& next) {
         next.next_cell_state = Nest::tuple({full(0).to(DType::f64), Tensor::zeros({}, DType::f32)});
       }},
      {"nothing to emit",
       {"loop_function: emit_output: got none after time 0", "the structure *"},
       1,
       [](auto& next) { next.emit_output.reset(); }},
      {"another emission than said",
       {"loop_function: emit_output[0]: got f32(2, 1)", "f32(2, 3)"},
       1,
       [](auto& next) { next.emit_output = full(1).slice(1, 0, 1); }},
      {"an empty tensor to emit",
       {"loop_function: emit_output: got an empty tensor", "at time 0"},
       0,
       [](auto& next) { next.emit_output = Tensor(); }},
  };
  for (const BadLoop& bad : table) {
    SCOPED_TRACE(bad.what);
    const auto loop = [&](const v1::LoopFunctionArguments& now) {
      v1::LoopFunctionResult next = usual(now);
      if (now.time == bad.time) bad.change(next);
      return next;
    };
    expect_words([&] { run(loop); }, bad.words);
  }
  expect_words<TypeError>([] { v1::raw_rnn(nullptr, usual); }, {"cell: got none", "a cell"});
  expect_words<TypeError>([] { run(nullptr); }, {"loop_function: got none", "a function"});
}

}  // namespace
}  // namespace rondo
