#include "rondo/formats/tf1_weights.h"

#include <gtest/gtest.h>

#include <map>

#include "support/compare.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

using Variables = std::map<std::string, Tensor>;

NumpyArchive archive(const Variables& variables) {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, tensor] : variables) tensors.push_back({name, tensor});
  return {"tf1.npz", tensors};
}

void expect_refused(const Variables& variables, const Tf1Cell& cell, const std::vector<std::string>& words) {
  const NumpyArchive file = archive(variables);
  expect_words([&] { static_cast<void>(tf1_weights(file, cell)); }, words);
}

Tensor numbered(const Shape& shape) {
  const Tensor tensor = Tensor::empty(shape, DType::f32);
  for (std::int64_t k = 0; k < tensor.numel(); ++k) tensor.data<float>()[k] = static_cast<float>(k);
  return tensor;
}

TEST(Tf1WeightsTest, LstmGatesAndForgetBias) {
  // H = 1 and I = 2; the columns are i j f o.
  const NumpyArchive file = archive({{"cell/kernel:0", numbered({3, 4})}, {"cell/bias:0", numbered({4})}});
  const RecurrentWeights cell = tf1_weights(file, {.kind = CellKind::lstm, .prefix = "cell/", .forget_bias = 0.5});
  EXPECT_TRUE(identical(cell.kernel, Tensor::from({0.F, 2.F, 1.F, 3.F, 4.F, 6.F, 5.F, 7.F}, {2, 4})));
  EXPECT_TRUE(identical(cell.recurrent_kernel, Tensor::from({8.F, 10.F, 9.F, 11.F}, {1, 4})));
  EXPECT_TRUE(identical(*cell.bias, Tensor::from({0.F, 2.5F, 1.F, 3.F}, {4})));
  EXPECT_FALSE(cell.peepholes || cell.projection);
}

TEST(Tf1WeightsTest, GruGates) {
  // H = 1 and I = 1; the columns are r u, then the candidate. Keras's order is z r h.
  const NumpyArchive file = archive({{"gates/kernel", numbered({2, 2})},
                                     {"gates/bias", numbered({2})},
                                     {"candidate/kernel", Tensor::from({10.F, 11.F}, {2, 1})},
                                     {"candidate/bias", Tensor::from({20.F}, {1})}});
  const RecurrentWeights cell = tf1_weights(file, {.kind = CellKind::gru});
  EXPECT_TRUE(identical(cell.kernel, Tensor::from({1.F, 0.F, 10.F}, {1, 3})));
  EXPECT_TRUE(identical(cell.recurrent_kernel, Tensor::from({3.F, 2.F, 11.F}, {1, 3})));
  EXPECT_TRUE(identical(*cell.bias, Tensor::from({1.F, 0.F, 20.F}, {3})));
}

TEST(Tf1WeightsTest, CudnnCompatibleGru) {
  // H = 1 and I = 2; the columns of the gates are r u.
  const Variables variables{{"gates/kernel:0", numbered({3, 2})},
                            {"gates/bias:0", Tensor::from({6.F, 7.F}, {2})},
                            {"candidate/input_projection/kernel:0", Tensor::from({10.F, 11.F}, {2, 1})},
                            {"candidate/input_projection/bias:0", Tensor::from({12.F}, {1})},
                            {"candidate/hidden_projection/kernel:0", Tensor::from({13.F}, {1, 1})},
                            {"candidate/hidden_projection/bias:0", Tensor::from({14.F}, {1})}};
  const RecurrentWeights cell = tf1_weights(archive(variables), {.kind = CellKind::gru});
  EXPECT_TRUE(identical(cell.kernel, Tensor::from({1.F, 0.F, 10.F, 3.F, 2.F, 11.F}, {2, 3})));
  EXPECT_TRUE(identical(cell.recurrent_kernel, Tensor::from({5.F, 4.F, 13.F}, {1, 3})));
  EXPECT_TRUE(identical(*cell.bias, Tensor::from({7.F, 6.F, 12.F, 0.F, 0.F, 14.F}, {2, 3})));
  Variables narrow = variables;
  narrow["candidate/input_projection/kernel:0"] = Tensor::from({10.F}, {1, 1});
  expect_refused(narrow, {.kind = CellKind::gru}, {"candidate/input_projection/kernel", "f32(1, 1)", "f32(2, 1)"});
}

TEST(Tf1WeightsTest, PeepholesAndProjection) {
  const NumpyArchive file = archive({{"kernel", numbered({5, 8})},
                                     {"bias", numbered({8})},
                                     {"w_i_diag", Tensor::from({1.F, 2.F}, {2})},
                                     {"w_f_diag", Tensor::from({3.F, 4.F}, {2})},
                                     {"w_o_diag", Tensor::from({5.F, 6.F}, {2})},
                                     {"projection/kernel", numbered({2, 3})}});
  const RecurrentWeights weights = tf1_weights(file, {.kind = CellKind::lstm});
  EXPECT_EQ(weights.kernel.shape(), (Shape{2, 8}));
  EXPECT_EQ(weights.recurrent_kernel.shape(), (Shape{3, 8}));
  EXPECT_TRUE(identical(*weights.projection, numbered({2, 3})));
  EXPECT_TRUE(identical(*weights.peepholes, Tensor::from({1.F, 2.F, 3.F, 4.F, 5.F, 6.F}, {3, 2})));
}

TEST(Tf1WeightsTest, AnAbsentBiasBecomesZerosLessTheForgetBias) {
  const RecurrentWeights weights{.kernel = numbered({1, 4}), .recurrent_kernel = numbered({1, 4})};
  const NumpyArchive file("f", tf1_variables(weights, {.kind = CellKind::lstm}));
  EXPECT_TRUE(identical(file.tensor("bias"), Tensor::from({0.F, 0.F, -1.F, 0.F}, {4})));
}

TEST(Tf1WeightsTest, RefusesWhatDoesNotFit) {
  const Variables good{{"kernel", numbered({3, 4})}, {"bias", numbered({4})}};
  const auto changed = [&](const std::string& name, const Tensor& tensor) {
    Variables variables = good;
    variables[name] = tensor;
    return variables;
  };
  const Tf1Cell lstm{.kind = CellKind::lstm};
  expect_refused({}, lstm, {"tf1.npz", "'kernel'", "none"});
  expect_refused(good, {.kind = CellKind::lstm, .prefix = "rnn/"}, {"'rnn/kernel'", "one of 'bias', 'kernel'"});
  expect_refused(changed("kernel", numbered({3, 5})), lstm, {"'kernel'", "f32(3, 5)", "4 H"});
  expect_refused(changed("kernel", numbered({4})), lstm, {"'kernel'", "f32(4,)"});
  expect_refused(changed("kernel", Tensor::zeros({3, 4}, DType::i32)), lstm, {"'kernel'", "i32(3, 4)", "floats"});
  expect_refused(changed("kernel", numbered({0, 4})), lstm, {"'kernel'", "at least the 1 rows of the state"});
  expect_refused(changed("bias", numbered({3})), lstm, {"'bias'", "f32(3,)", "f32(4,)"});
  expect_refused(changed("bias", Tensor::zeros({4}, DType::f64)), lstm, {"'bias'", "f64(4,)", "f32(4,)"});
  expect_refused(changed("w_i_diag", numbered({1})), lstm, {"'w_f_diag'"});
  expect_refused(changed("projection/kernel", numbered({2, 1})), lstm, {"'projection/kernel'", "f32(2, 1)"});
  expect_refused(changed("projection/kernel", numbered({2})), lstm, {"'projection/kernel'", "f32(2,)"});
  expect_refused({{"gates/kernel", numbered({2, 2})}, {"candidate/kernel", numbered({2, 2})}}, {.kind = CellKind::gru},
                 {"'candidate/kernel'", "f32(2, 2)", "f32(2, 1)"});
}

TEST(Tf1WeightsTest, HasNoGruThatResetsAfter) {
  const RecurrentWeights weights{
      .kernel = numbered({1, 3}), .recurrent_kernel = numbered({1, 3}), .bias = numbered({2, 3})};
  expect_words([&] { static_cast<void>(tf1_variables(weights, {.kind = CellKind::gru})); },
               {"bias", "f32(2, 3)", "without reset_after"});
}

}  // namespace
}  // namespace rondo::test
