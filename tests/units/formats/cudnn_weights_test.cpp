#include "rondo/formats/cudnn_weights.h"

#include <gtest/gtest.h>

#include "cuda/cudnn/cudnn_packing.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t I = 3;
constexpr std::int64_t H = 4;
constexpr std::int64_t P = 2;

RecurrentWeights draw(Random& random, CellKind kind, bool projected = false) {
  const std::int64_t columns = gate_count(kind) * H;
  RecurrentWeights weights{.kernel = random.tensor({I, columns}, 1.0),
                           .recurrent_kernel = random.tensor({projected ? P : H, columns}, 1.0)};
  weights.bias = random.tensor(kind == CellKind::gru ? Shape{2, columns} : Shape{columns}, 1.0);
  if (projected) weights.projection = random.tensor({H, P}, 1.0);
  return weights;
}

/// cuDNN's executors ask cuDNN for the place of each matrix. Expects the numbers that the executors write there.
void expect_as_executors_pack(CellKind kind, bool projected) {
  Random random(1);
  const RecurrentWeights weights = draw(random, kind, projected);
  const CudnnWeights packed{.cell = weights, .projection = weights.projection};
  const CudnnParameters parameters = cudnn_parameters(weights, kind);
  const std::vector<CudnnMatrix> matrices = cudnn_matrices(kind, projected);
  ASSERT_EQ(parameters.matrices.size(), matrices.size());
  ASSERT_EQ(parameters.biases.size(), 2 * static_cast<std::size_t>(gate_count(kind)));
  for (std::size_t id = 0; id < matrices.size(); ++id) {
    SCOPED_TRACE(to_string(kind) + ", matrix " + std::to_string(id));
    EXPECT_EQ(matrices[id].id, static_cast<int>(id));
    EXPECT_TRUE(identical(parameters.matrices[id], cudnn_matrix_view(matrices[id], packed, H)));
    if (id >= parameters.biases.size()) continue;
    const Tensor none = Tensor::zeros({H}, DType::f32);
    EXPECT_TRUE(identical(parameters.biases[id], cudnn_bias_view(matrices[id], packed, H).value_or(none)));
  }
}

TEST(CudnnWeightsTest, MatricesAreThoseOfTheExecutors) {
  for (const CellKind kind : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
    expect_as_executors_pack(kind, false);
  }
  expect_as_executors_pack(CellKind::lstm, true);
}

TEST(CudnnWeightsTest, AddsBothBiasesOfAnLstm) {
  Random random(2);
  CudnnParameters parameters = cudnn_parameters(draw(random, CellKind::lstm), CellKind::lstm);
  parameters.biases[1] = Tensor::full({H}, 0.25, DType::f32);  // second gate's bias of the product with x
  parameters.biases[5] = Tensor::full({H}, 0.5, DType::f32);   // second gate's bias of the product with h
  const Tensor bias = *cudnn_weights(parameters, CellKind::lstm).bias;
  EXPECT_TRUE(identical(bias.slice(0, H, 2 * H), Tensor::full({H}, 0.75, DType::f32)));
}

void expect_refused(const CudnnParameters& parameters, CellKind kind, const std::vector<std::string>& words) {
  expect_words([&] { static_cast<void>(cudnn_weights(parameters, kind)); }, words);
}

TEST(CudnnWeightsTest, RefusesWhatDoesNotFit) {
  Random random(3);
  const CudnnParameters good = cudnn_parameters(draw(random, CellKind::lstm), CellKind::lstm);
  CudnnParameters wrong = good;
  wrong.matrices.pop_back();
  expect_refused(wrong, CellKind::lstm, {"matrices", "7 of them", "8, and one more with a projection"});
  expect_refused(good, CellKind::gru, {"matrices", "8 of them", "6"});
  wrong = good;
  wrong.biases.pop_back();
  expect_refused(wrong, CellKind::lstm, {"biases", "7 of them", "8 or none"});
  wrong = good;
  wrong.matrices[2] = Tensor::zeros({H, I + 1}, DType::f32);
  expect_refused(wrong, CellKind::lstm, {"matrices[2]", "f32(4, 4)", "f32(4, 3)"});
  wrong = good;
  wrong.matrices[5] = Tensor::zeros({H, H}, DType::f64);
  expect_refused(wrong, CellKind::lstm, {"matrices[5]", "f64(4, 4)", "f32(4, 4)"});
  wrong = good;
  wrong.matrices[0] = Tensor::zeros({H}, DType::f32);
  expect_refused(wrong, CellKind::lstm, {"matrices[0]", "f32(4,)", "(H, width)"});
  wrong = good;
  wrong.biases[6] = Tensor::zeros({H + 1}, DType::f32);
  expect_refused(wrong, CellKind::lstm, {"biases[6]", "f32(5,)", "f32(4,)"});
  CudnnParameters projected = cudnn_parameters(draw(random, CellKind::lstm, true), CellKind::lstm);
  projected.matrices[8] = Tensor::zeros({H, P}, DType::f32);
  expect_refused(projected, CellKind::lstm, {"matrices[8]", "f32(4, 2)", "f32(2, 4)"});
}

TEST(CudnnWeightsTest, HasNoGruThatResetsBefore) {
  Random random(4);
  RecurrentWeights weights = draw(random, CellKind::gru);
  weights.bias = Tensor::zeros({3 * H}, DType::f32);
  expect_words([&] { static_cast<void>(cudnn_parameters(weights, CellKind::gru)); }, {"bias", "f32(12,)", "cuDNN"});
}

}  // namespace
}  // namespace rondo::test
