// The cells of TensorFlow 1 beyond the goldens: layouts, states, stacks, and bad input.

#include "rondo/tf1/v1_cells.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "rondo/keras/layers.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/layers/v1_random_cells.h"

namespace rondo {
namespace {

using test::close;
using test::expect_words;
using test::identical;
using test::Random;
using test::RandomWeights;

constexpr std::int64_t B = 2;
constexpr std::int64_t I = 3;
constexpr std::int64_t H = 4;

TEST(V1Cells, AKernelIsTakenApartIntoKerasLayout) {
  Random random(1);
  const v1::LSTMWeights weights = RandomWeights{random}.lstm(I, {.num_units = H});
  const v1::LSTMCell cell({.num_units = H, .forget_bias = 0.5}, weights);
  const RecurrentWeights& keras = cell.known()->weights();
  const std::vector<Tensor> ijfo = split(weights.kernel, 4);
  const std::vector<Tensor> biases = split(weights.bias, 4);
  EXPECT_TRUE(identical(keras.kernel, concat({ijfo[0], ijfo[2], ijfo[1], ijfo[3]}).slice(0, 0, I).contiguous()));
  EXPECT_TRUE(
      identical(keras.recurrent_kernel, concat({ijfo[0], ijfo[2], ijfo[1], ijfo[3]}).slice(0, I, I + H).contiguous()));
  EXPECT_TRUE(identical(*keras.bias, concat({biases[0], add(biases[2], 0.5), biases[1], biases[3]})));
}

TEST(V1Cells, TheGatesOfAGruChangePlaces) {
  Random random(2);
  const v1::GRUWeights weights = RandomWeights{random}.gru(I, H);
  const v1::GRUCell cell({.num_units = H}, weights);
  const std::vector<Tensor> ru = split(weights.gates_bias, 2);
  EXPECT_TRUE(identical(*cell.known()->weights().bias, concat({ru[1], ru[0], weights.candidate_bias})));
  EXPECT_FALSE(cell.known()->spec().reset_after);
}

TEST(V1Cells, TheCallersWeightsStayAsTheyAre) {
  Random random(3);
  const v1::LSTMWeights weights = RandomWeights{random}.lstm(I, {.num_units = H});
  const Tensor bias = weights.bias.clone();
  const v1::LSTMCell cell({.num_units = H}, weights);
  EXPECT_TRUE(identical(weights.bias, bias));
}

TEST(V1Cells, AllOptionsOfAnLstmAreThoseOfItsSpec) {
  Random random(4);
  const RandomWeights weights{random};
  const auto spec = [&](const v1::LSTMCellOptions& options) {
    return v1::LSTMCell(options, weights.lstm(I, options)).known()->spec();
  };
  EXPECT_EQ(spec({.num_units = H}), (CellSpec{.units = H}));
  EXPECT_EQ(spec({.num_units = H, .proj_clip = 0.1}), (CellSpec{.units = H}));  // ignored without num_proj
  EXPECT_EQ(
      spec({.num_units = H, .use_peepholes = true, .cell_clip = 1.0, .num_proj = 2, .proj_clip = 0.1}),
      (CellSpec{.units = H, .use_peepholes = true, .cell_clip = 1.0, .projection_units = 2, .projection_clip = 0.1}));
}

TEST(V1Cells, PeepholesAndTheProjectionGoWhereExecutorsLook) {
  Random random(5);
  const v1::LSTMCellOptions options{.num_units = H, .use_peepholes = true, .num_proj = 2};
  const v1::LSTMWeights weights = RandomWeights{random}.lstm(I, options);
  const RecurrentWeights keras = v1::LSTMCell(options, weights).known()->weights();
  EXPECT_TRUE(identical(keras.peepholes->select(0, 0), *weights.w_i_diag));
  EXPECT_TRUE(identical(keras.peepholes->select(0, 1), *weights.w_f_diag));
  EXPECT_TRUE(identical(keras.peepholes->select(0, 2), *weights.w_o_diag));
  EXPECT_TRUE(identical(*keras.projection, *weights.projection_kernel));
}

TEST(V1Cells, ZeroStateHasTheStructureOfTheStateSize) {
  Random random(6);
  const v1::LSTMCellOptions options{.num_units = H, .num_proj = 2};
  const auto lstm = std::make_shared<v1::LSTMCell>(options, RandomWeights{random}.lstm(I, options));
  const auto gru = std::make_shared<v1::GRUCell>(v1::GRUCellOptions{.num_units = 5}, RandomWeights{random}.gru(2, 5));
  const v1::MultiRNNCell stack({lstm, gru});
  const Nest state = stack.zero_state(B, DType::f64);
  EXPECT_EQ(state.structure(), "({c: *, h: *}, *)");
  EXPECT_TRUE(identical(state[0]["c"], Tensor::zeros({B, H}, DType::f64)));
  EXPECT_TRUE(identical(state[0]["h"], Tensor::zeros({B, 2}, DType::f64)));
  EXPECT_TRUE(identical(state[1], Tensor::zeros({B, 5}, DType::f64)));
  EXPECT_EQ(stack.output_size().leaf(), (Shape{5}));
  expect_words([&] { (void)stack.zero_state(-1, DType::f32); }, {"-1"});
}

TEST(V1Cells, AStackKeepsTheNamesOfItsCellsStates) {
  Random random(7);
  const auto lstm = std::make_shared<v1::BasicLSTMCell>(v1::BasicLSTMCellOptions{.num_units = H},
                                                        RandomWeights{random}.lstm(I, {.num_units = H}));
  v1::MultiRNNCell stack({lstm});
  const StepResult result = stack.call(random.tensor({B, I}, 1.0), stack.zero_state(B, DType::f32).children(), {});
  EXPECT_EQ(Nest::tuple(result.states).structure(), "({c: *, h: *},)");
}

TEST(V1Cells, ALayerOfKerasTakesThemToo) {
  Random random(8);
  const v1::LSTMCellOptions options{.num_units = H};
  const auto cell = std::make_shared<v1::LSTMCell>(options, RandomWeights{random}.lstm(I, options));
  const Tensor x = random.tensor({B, 5, I}, 1.0);
  RNN layer(cell, {.return_sequences = true, .return_state = true});
  const LayerResult result = layer(x);
  const v1::DynamicRnnResult expected = v1::dynamic_rnn(cell, x, {.dtype = DType::f32});
  EXPECT_TRUE(close(result.output, expected.outputs, 1e-6));
  ASSERT_EQ(result.states.size(), 2U);
  EXPECT_TRUE(close(result.states[0], expected.state["c"], 1e-6));
  EXPECT_TRUE(close(result.states[1], expected.state["h"], 1e-6));
}

struct BadCell {
  const char* what;
  std::vector<std::string> words;
  std::function<void()> make;
};

TEST(V1Cells, NameTheWeightThatDoesNotFit) {
  Random random(9);
  const RandomWeights weights{random};
  const v1::LSTMWeights good = weights.lstm(I, {.num_units = H});
  const auto lstm = [&](v1::LSTMCellOptions options, const v1::LSTMWeights& given) {
    options.num_units = options.num_units == 0 ? H : options.num_units;
    (void)v1::LSTMCell(options, given);
  };
  const BadCell table[] = {
      {"no units", {"num_units: got 0", "at least 1"}, [&] { (void)v1::GRUCell({}, weights.gru(I, H)); }},
      {"a kernel of other columns",
       {"weight kernel: got f32(7, 16)", "(I + 5, 20) with I of 1 or more"},
       [&] { lstm({.num_units = 5}, good); }},
      {"a kernel without inputs",
       {"weight kernel: got f32(4, 4)", "(I + 4, 4)"},
       [&] { (void)v1::BasicRNNCell({.num_units = H}, weights.basic(0, H)); }},
      {"integers",
       {"weight kernel: got i32(7, 4)", "floating"},
       [&] {
         (void)v1::BasicRNNCell({.num_units = H}, {good.kernel.slice(1, 0, 4).to(DType::i32), good.bias});
       }},
      {"a bias of another dtype",
       {"weight bias: got f64(16,)", "f32(16,) on cpu"},
       [&] {
         lstm({}, {good.kernel, good.bias.to(DType::f64)});
       }},
      {"a candidate of another I",
       {"weight candidate_kernel: got f32(8, 4)", "f32(7, 4)"},
       [&] {
         v1::GRUWeights gru = weights.gru(I, H);
         gru.candidate_kernel = weights.matrix(8, H);
         (void)v1::GRUCell({.num_units = H}, gru);
       }},
      {"peepholes without diagonals",
       {"weight w_f_diag: got none", "(4,), as the options ask for it"},
       [&] { lstm({.use_peepholes = true}, good); }},
      {"a projection that the options do not ask for",
       {"weight projection_kernel: got f32(4, 2)", "none, as the options do not ask for it"},
       [&] {
         v1::LSTMWeights more = good;
         more.projection_kernel = weights.matrix(H, 2);
         (void)v1::BasicLSTMCell({.num_units = H}, more);
       }},
      {"no projected units", {"num_proj: got 0", "at least 1"}, [&] { lstm({.num_proj = 0}, good); }},
      {"a negative clip", {"cell_clip: got -1", "0 or more"}, [&] { lstm({.cell_clip = -1.0}, good); }},
      {"a clip that is no number",
       {"proj_clip: got nan", "0 or more"},
       [&] { lstm({.proj_clip = std::numeric_limits<double>::quiet_NaN()}, good); }},
      {"a state of an LSTM alone",
       {"states: got 1 states", "expected 2"},
       [&] {
         v1::LSTMCell cell({.num_units = H}, good);
         cell.call(weights.matrix(B, I), {weights.matrix(B, H)}, {});
       }},
      {"states of other cells",
       {"states: got 2 states", "expected 1"},
       [&] {
         v1::MultiRNNCell stack({std::make_shared<v1::LSTMCell>(v1::LSTMCellOptions{.num_units = H}, good)});
         stack.call(weights.matrix(B, I), {weights.matrix(B, H), weights.matrix(B, H)}, {});
       }},
      {"no cells", {"cells: got none", "at least one cell"}, [] { (void)v1::MultiRNNCell({}); }},
      {"a tuple in one tensor",
       {"cells: got a cell whose state is {c: *, h: *}", "state_is_tuple is false"},
       [&] {
         const auto cell = std::make_shared<v1::LSTMCell>(v1::LSTMCellOptions{.num_units = H}, good);
         (void)v1::MultiRNNCell({cell}, {.state_is_tuple = false});
       }},
  };
  for (const BadCell& bad : table) {
    SCOPED_TRACE(bad.what);
    expect_words(bad.make, bad.words);
  }
  expect_words<TypeError>([] { (void)v1::MultiRNNCell({nullptr}); }, {"cells[0]: got none", "a cell"});
}

}  // namespace
}  // namespace rondo
