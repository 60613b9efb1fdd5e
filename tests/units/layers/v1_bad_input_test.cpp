// Bad input of dynamic_rnn and bidirectional_dynamic_rnn: each error names the argument, its value, and what was
// expected.

#include <gtest/gtest.h>

#include <functional>

#include "support/expect_error.h"
#include "units/layers/v1_example_cells.h"

namespace rondo::test {
namespace {

// A cell that returns the results that a test sets.
class FixedCell final : public Cell {
 public:
  explicit FixedCell(StepResult result) : result_(std::move(result)) {}
  SizeNest state_size() const override { return Shape{H}; }
  StepResult call(const Nest&, const States&, const CellContext&) override { return result_; }

 private:
  StepResult result_;
};

struct BadCall {
  const char* what;
  std::vector<std::string> words;
  std::function<void()> call;
};

TEST(DynamicRnn, NamesTheArgumentThatDoesNotFit) {
  const Tensor x = inputs();
  const auto call = [](const std::shared_ptr<Cell>& cell, const Nest& given, v1::DynamicRnnOptions options) {
    if (!options.initial_state && !options.dtype) options.dtype = DType::f32;
    v1::dynamic_rnn(cell, given, options);
  };
  const Tensor state = Tensor::zeros({B, H}, DType::f32);
  const BadCall table[] = {
      {"no inputs", {"inputs: got no tensor"}, [&] { call(lstm(), Nest(), {}); }},
      {"an empty tensor", {"inputs: got an empty tensor"}, [&] { call(lstm(), Tensor(), {}); }},
      {"rank 2", {"inputs: got f32(2, 5)", "at least 3 axes: (B, T, ...)"}, [&] { call(lstm(), x.select(2, 0), {}); }},
      {"leaves disagree on T",
       {"inputs: got f32(2, 4, 3)", "f32(2, 5, 3)"},
       [&] {
         call(std::make_shared<CountingCell>(), Nest::tuple({x, x.slice(1, 0, 4)}), {});
       }},
      {"neither dtype nor state",
       {"dtype: got none, and no initial_state", "one of the two"},
       [&] { v1::dynamic_rnn(lstm(), x); }},
      {"a state of another structure",
       {"initial_state: got the structure (*, *)", "{c: *, h: *}"},
       [&] {
         call(lstm(), x, {.initial_state = Nest::tuple({state, state})});
       }},
      {"a state of another batch",
       {"initial_state: got f32(3, 4)", "(2, 4) on cpu"},
       [&] {
         call(lstm(), x, {.initial_state = Nest::named({{"c", Tensor::zeros({3, H}, DType::f32)}, {"h", state}})});
       }},
      {"a state of another dtype",
       {"initial_state: got f64(2, 4)", "f32, the dtype of the weights"},
       [&] {
         call(lstm(), x,
              {.initial_state = Nest::named({{"c", state.to(DType::f64)}, {"h", state}}), .dtype = DType::f32});
       }},
      {"a dtype that the weights do not have",
       {"dtype: got f64", "f32, the dtype of the weights"},
       [&] { call(lstm(), x, {.dtype = DType::f64}); }},
      {"another dtype than the given state's",
       {"dtype: got f64", "f32, the dtype of the weights"},
       [&] {
         call(lstm(), x, {.initial_state = Nest::named({{"c", state}, {"h", state}}), .dtype = DType::f64});
       }},
      {"lengths of rank 2",
       {"sequence_length: got i32(2, 1)", "i32 or i64 of shape (2,)"},
       [&] {
         call(lstm(), x, {.sequence_length = Tensor::zeros({B, 1}, DType::i32)});
       }},
      {"lengths of another batch",
       {"sequence_length: got i64(3,)", "of shape (2,)"},
       [&] { call(lstm(), x, {.sequence_length = Tensor::zeros({3}, DType::i64)}); }},
      {"lengths that are no integers",
       {"sequence_length: got f32(2,)", "i32 or i64"},
       [&] { call(lstm(), x, {.sequence_length = Tensor::zeros({B}, DType::f32)}); }},
      {"negative parallel_iterations",
       {"parallel_iterations: got -1", "0 or more"},
       [&] { call(lstm(), x, {.parallel_iterations = -1}); }},
      {"nested inputs for a known cell",
       {"inputs: got the structure (*, *)", "one tensor"},
       [&] {
         call(lstm(), Nest::tuple({x, x}), {});
       }},
      {"another width than the weights'",
       {"inputs: got f32(2, 5, 4)", "last axis 3", "to fit the weights"},
       [&] { call(lstm(), ones(), {}); }},
      {"another width than the cell below emits",
       {"cells[1]: got inputs for the kernel f32(3, 16)", "f32 of width 4", "the outputs of the cell below"},
       [&] {
         call(std::make_shared<v1::MultiRNNCell>(std::vector{lstm(), lstm()}), x, {});
       }},
      {"an output unlike output_size",
       {"cell: output[0]: got f32(2, 3)", "f32(2, 4)"},
       [&] {
         call(std::make_shared<FixedCell>(StepResult{Tensor::zeros({B, 3}, DType::f32), {state}}), x, {});
       }},
      {"an output of another structure",
       {"cell: output[0]: got the structure (*,)", "expected *"},
       [&] {
         call(std::make_shared<FixedCell>(StepResult{Nest::tuple({state}), {state}}), x, {});
       }},
      {"a state that grows",
       {"new states[0]: got f32(2, 5)", "f32(2, 4)"},
       [&] {
         call(std::make_shared<FixedCell>(StepResult{state, {Tensor::zeros({B, 5}, DType::f32)}}), x, {});
       }},
  };
  for (const BadCall& bad : table) {
    SCOPED_TRACE(bad.what);
    expect_words(bad.call, bad.words);
  }
  expect_words<TypeError>([&] { v1::dynamic_rnn(nullptr, x, {.dtype = DType::f32}); }, {"cell: got none", "a cell"});
}

TEST(BidirectionalRnn, NamesTheDirectionThatDoesNotFit) {
  const Tensor x = inputs();
  const auto call = [&](v1::BidirectionalRnnOptions options) {
    v1::bidirectional_dynamic_rnn(lstm(), lstm(), x, options);
  };
  const Nest state = Nest::named({{"c", Tensor::zeros({B, H}, DType::f32)}, {"h", Tensor::zeros({B, H}, DType::f32)}});
  expect_words<TypeError>([&] { v1::bidirectional_dynamic_rnn(nullptr, lstm(), x); }, {"cell_fw: got none"});
  expect_words<TypeError>([&] { v1::bidirectional_dynamic_rnn(lstm(), nullptr, x); }, {"cell_bw: got none"});
  expect_words([&] { call({}); }, {"dtype: got none, and no initial_state_fw"});
  expect_words([&] { call({.initial_state_fw = state}); }, {"dtype: got none, and no initial_state_bw"});
  expect_words([&] { call({.initial_state_bw = state["c"], .dtype = DType::f32}); },
               {"initial_state_bw: got the structure *", "{c: *, h: *}"});
  for (const std::int64_t length : {std::int64_t{-1}, T + 1}) {
    expect_words(
        [&] {
          call({.sequence_length = Tensor::from<std::int64_t>({1, length}, {B}), .dtype = DType::f32});
        },
        {"sequence_length: got " + std::to_string(length), "lengths from 0 to T = 5"});
  }
}

}  // namespace
}  // namespace rondo::test
