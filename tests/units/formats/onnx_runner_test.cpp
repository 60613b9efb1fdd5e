// Running ONNX nodes: how they are run, and which inputs are refused. The goldens test the numbers.
#include <gtest/gtest.h>

#include "rondo/formats/onnx_model.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t T = 4;
constexpr std::int64_t B = 3;
constexpr std::int64_t I = 2;
constexpr std::int64_t H = 5;

OnnxWeights draw_weights(Random& random, const OnnxOperator& op, DType dtype = DType::f32) {
  const std::int64_t D = direction_count(op.direction);
  const std::int64_t rows = gate_count(op.kind) * H;
  return {.kernel = random.tensor({D, rows, I}, 1.0, dtype),
          .recurrent_kernel = random.tensor({D, rows, H}, 1.0, dtype),
          .bias = random.tensor({D, 2 * rows}, 1.0, dtype)};
}

void expect_same(const OnnxOutputs& actual, const OnnxOutputs& expected, double tolerance) {
  EXPECT_TRUE(close(actual.y, expected.y, tolerance));
  EXPECT_TRUE(close(actual.y_h, expected.y_h, tolerance));
  ASSERT_EQ(actual.y_c.has_value(), expected.y_c.has_value());
  if (expected.y_c) {
    EXPECT_TRUE(close(*actual.y_c, *expected.y_c, tolerance));
  }
}

// A clip that no value reaches changes how a node is run, and not its results.
TEST(OnnxRunnerTest, StepByStepAsPlanned) {
  struct Cell {
    CellKind kind;
    bool has_peepholes = false;
  };
  Random random(1);
  for (const Cell cell : {Cell{CellKind::simple_rnn}, Cell{CellKind::gru}, Cell{CellKind::lstm},
                          Cell{.kind = CellKind::lstm, .has_peepholes = true}}) {
    for (const DType dtype : {DType::f32, DType::f64}) {
      OnnxOperator op{.kind = cell.kind, .direction = OnnxDirection::bidirectional};
      OnnxWeights weights = draw_weights(random, op, dtype);
      if (cell.has_peepholes) weights.peepholes = random.tensor({2, 3 * H}, 1.0, dtype);
      const OnnxInputs inputs{.x = random.tensor({T, B, I}, 1.0, dtype),
                              .lengths = Tensor::from<std::int32_t>({4, 0, 2}, {B}),
                              .initial_h = random.tensor({2, B, H}, 1.0, dtype)};
      OnnxRunner planned(op, weights);
      op.clip = 1e6;
      OnnxRunner stepwise(op, weights);
      EXPECT_EQ(planned.explain(T, B, true).find("step by step"), std::string::npos);
      EXPECT_EQ(stepwise.explain(T, B, true), "step by step, because it clips the inputs of its activations");
      expect_same(planned.run(inputs), stepwise.run(inputs), dtype == DType::f64 ? 1e-12 : 1e-5);
    }
  }
}

TEST(OnnxRunnerTest, SaysWhyStepByStep) {
  Random random(2);
  OnnxOperator op{.kind = CellKind::lstm};
  const OnnxWeights weights = draw_weights(random, op);
  const auto reason = [&] { return OnnxRunner(op, weights).explain(T, B, false); };
  EXPECT_EQ(reason().find("step by step"), std::string::npos);
  op.activations = {{Activation::sigmoid, Activation::tanh, Activation::relu}};
  EXPECT_EQ(reason(), "step by step, because its activations g and h are tanh and relu");
  op.input_forget = true;
  EXPECT_EQ(reason(), "step by step, because its forget gate is coupled to its input gate");
}

TEST(OnnxRunnerTest, ARowOfLengthZeroKeepsItsStates) {
  Random random(3);
  for (const bool clipped : {false, true}) {
    OnnxOperator op{.kind = CellKind::lstm, .direction = OnnxDirection::reverse};
    if (clipped) op.clip = 0.5;
    const Tensor h = random.tensor({1, B, H}, 1.0);
    const Tensor c = random.tensor({1, B, H}, 1.0);
    const OnnxOutputs outputs = OnnxRunner(op, draw_weights(random, op))
                                    .run({.x = random.tensor({T, B, I}, 1.0),
                                          .lengths = Tensor::from<std::int32_t>({0, 4, 0}, {B}),
                                          .initial_h = h,
                                          .initial_c = c});
    EXPECT_TRUE(identical(outputs.y_h.select(1, 0), h.select(1, 0)));
    EXPECT_TRUE(identical(outputs.y_c->select(1, 2), c.select(1, 2)));
    EXPECT_FALSE(identical(outputs.y_h.select(1, 1), h.select(1, 1)));
    EXPECT_TRUE(identical(outputs.y.select(2, 0), Tensor::zeros({T, 1, H}, DType::f32)));
  }
}

TEST(OnnxRunnerTest, OtherSizesInTurns) {
  Random random(4);
  const OnnxOperator op{.kind = CellKind::gru, .direction = OnnxDirection::bidirectional, .batch_major = true};
  const OnnxWeights weights = draw_weights(random, op);
  OnnxRunner kept(op, weights);
  for (const std::int64_t rows : {1, 3, 1, 0, 2}) {
    for (const std::int64_t steps : {2, 0, 5}) {
      const Tensor x = random.tensor({I, rows, steps}, 1.0).transpose({1, 2, 0});  // the stride of features is not 1
      const OnnxOutputs outputs = kept.run({.x = x});
      EXPECT_EQ(outputs.y.shape(), (Shape{rows, steps, 2, H}));
      EXPECT_EQ(outputs.y_h.shape(), (Shape{rows, 2, H}));
      EXPECT_TRUE(outputs.y.is_contiguous());
      const OnnxOutputs fresh = OnnxRunner(op, weights).run({.x = x.contiguous()});
      EXPECT_TRUE(identical(outputs.y, fresh.y));
      EXPECT_TRUE(identical(outputs.y_h, fresh.y_h));
    }
  }
}

TEST(OnnxRunnerTest, TakesHiddenSizeFromR) {
  Random random(5);
  const OnnxOperator op{.kind = CellKind::simple_rnn};
  EXPECT_EQ(onnx_cells(op, draw_weights(random, op)).at(0).cell.units, H);
}

void expect_refused(const OnnxInputs& inputs, const std::vector<std::string>& words, CellKind kind = CellKind::lstm) {
  Random random(6);
  const OnnxOperator op{.kind = kind};
  OnnxRunner runner(op, draw_weights(random, op));
  expect_words([&] { static_cast<void>(runner.run(inputs)); }, words);
}

TEST(OnnxRunnerTest, RefusesInputs) {
  const auto zeros = [](const Shape& shape) { return Tensor::zeros(shape, DType::f32); };
  const Tensor x = zeros({T, B, I});
  expect_refused({.x = {}}, {"X"});
  expect_refused({.x = zeros({T, B})}, {"X", "f32(4, 3)", "f32 of shape (T, B, 2)"});
  expect_refused({.x = zeros({T, B, I + 1})}, {"X", "f32(4, 3, 3)", "f32(4, 3, 2)"});
  expect_refused({.x = x.to(DType::f64)}, {"X", "f64(4, 3, 2)", "f32(4, 3, 2)"});
  expect_refused({.x = x, .lengths = Tensor::from<std::int32_t>({1, 2}, {2})}, {"sequence_lens", "i32(2,)", "i32(3,)"});
  expect_refused({.x = x, .lengths = Tensor::from<std::int64_t>({1, 2, 3}, {3})}, {"sequence_lens", "i64(3,)"});
  expect_refused({.x = x, .lengths = Tensor::from<std::int32_t>({1, 2, 5}, {3})}, {"sequence_lens", "5", "T = 4"});
  expect_refused({.x = x, .lengths = Tensor::from<std::int32_t>({1, -1, 2}, {3})}, {"sequence_lens", "-1", "from 0"});
  expect_refused({.x = x, .initial_h = zeros({B, H})}, {"initial_h", "f32(3, 5)", "f32(1, 3, 5)"});
  expect_refused({.x = x, .initial_c = zeros({1, B, I})}, {"initial_c", "f32(1, 3, 2)", "f32(1, 3, 5)"});
  expect_refused({.x = x, .initial_c = zeros({1, B, H})}, {"initial_c", "none"}, CellKind::gru);
}

TEST(OnnxRunnerTest, RefusesOperatorsAndWeights) {
  Random random(7);
  const auto refused = [&](const OnnxOperator& op, const OnnxWeights& weights, const std::vector<std::string>& words) {
    expect_words([&] { static_cast<void>(onnx_cells(op, weights)); }, words);
  };
  const OnnxOperator op{.kind = CellKind::gru};
  const OnnxWeights good = draw_weights(random, op);
  OnnxWeights wrong = good;
  wrong.peepholes = Tensor::zeros({1, 3 * H}, DType::f32);
  refused(op, wrong, {"P", "no LSTM"});
  refused({.kind = CellKind::gru, .hidden_size = H + 1}, good, {"R", "f32(1, 15, 5)", "(1, 18, 6)"});
  refused({.kind = CellKind::gru, .direction = OnnxDirection::bidirectional}, good, {"R", "(2, 3 H, H)"});
  refused({.kind = CellKind::gru, .clip = -1.0}, good, {"clip", "above 0"});
  refused({.kind = CellKind::gru, .activations = {{}, {}}}, good, {"activations", "2 directions", "1, or none"});
  wrong = good;
  wrong.bias = wrong.bias->to(DType::f64);
  refused(op, wrong, {"B", "f64(1, 30)", "f32(1, 30)"});
  expect_words([] { static_cast<void>(onnx_weights({})); }, {"cells", "0"});
  std::vector<OnnxCell> cells = onnx_cells({.kind = CellKind::gru}, good);
  cells.push_back(cells[0]);
  cells[1].weights.bias.reset();
  cells[1].cell.use_bias = false;
  expect_words([&] { static_cast<void>(onnx_weights(cells)); }, {"bias", "both directions or none"});
}

}  // namespace
}  // namespace rondo::test
