// The packing of Keras's columns into cuDNN's matrices: cuDNN's equations with the packed matrices give the results of
// the reference executor with Keras's weights.

#include "cuda/cudnn/cudnn_packing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "device/cudnn/network.h"
#include "support/compare.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

using Vector = std::vector<double>;

/// The weight space of one pseudo layer, as cuDNN reads it.
class PackedCell {
 public:
  PackedCell(const CudnnConfig& config, const CudnnWeights& weights) : config_(config) {
    for (const CudnnMatrix& matrix : cudnn_matrices(config.kind, config.projection > 0)) {
      matrices_[matrix.id] = cudnn_matrix_view(matrix, weights, config.H).contiguous();
      const std::optional<Tensor> bias = cudnn_bias_view(matrix, weights, config.H);
      biases_[matrix.id] = bias ? bias->contiguous() : Tensor::zeros({config.H}, DType::f64);
    }
  }

  /// Computes one step by cuDNN's equations, with cuDNN's numbering of matrices.
  void step(const Vector& x, Vector& h, Vector& c) const {
    switch (config_.kind) {
      case CellKind::simple_rnn: h = rnn(x, h); return;
      case CellKind::lstm: lstm(x, h, c); return;
      case CellKind::gru: h = gru(x, h); return;
      case CellKind::mgu: FAIL() << "cuDNN has no mgu";
    }
  }

 private:
  /// The element (W v + b)[u].
  double product(int id, const Vector& v, std::size_t u) const {
    const Tensor& matrix = matrices_.at(id);
    double sum = id == 8 ? 0 : biases_.at(id).data<double>()[u];
    for (std::size_t k = 0; k < v.size(); ++k) sum += matrix.data<double>()[u * v.size() + k] * v[k];
    EXPECT_EQ(matrix.size(1), static_cast<std::int64_t>(v.size()));
    return sum;
  }

  static double sigmoid(double v) { return 1 / (1 + std::exp(-v)); }

  Vector rnn(const Vector& x, const Vector& h) const {
    Vector result(static_cast<std::size_t>(config_.H));
    for (std::size_t u = 0; u < result.size(); ++u) {
      const double sum = product(0, x, u) + product(1, h, u);
      result[u] = config_.activation == Activation::relu ? std::max(sum, 0.0) : std::tanh(sum);
    }
    return result;
  }

  void lstm(const Vector& x, Vector& h, Vector& c) const {
    Vector emitted(c.size());
    for (std::size_t u = 0; u < c.size(); ++u) {
      const double i = sigmoid(product(0, x, u) + product(4, h, u));
      const double f = sigmoid(product(1, x, u) + product(5, h, u));
      const double candidate = std::tanh(product(2, x, u) + product(6, h, u));
      const double o = sigmoid(product(3, x, u) + product(7, h, u));
      c[u] = f * c[u] + i * candidate;
      emitted[u] = o * std::tanh(c[u]);
    }
    if (config_.projection == 0) {
      h = emitted;
    } else {
      for (std::size_t p = 0; p < h.size(); ++p) h[p] = product(8, emitted, p);
    }
  }

  Vector gru(const Vector& x, const Vector& h) const {
    Vector result(h.size());
    for (std::size_t u = 0; u < h.size(); ++u) {
      const double r = sigmoid(product(0, x, u) + product(3, h, u));
      const double z = sigmoid(product(1, x, u) + product(4, h, u));
      const double candidate = std::tanh(product(2, x, u) + r * product(5, h, u));
      result[u] = (1 - z) * candidate + z * h[u];
    }
    return result;
  }

  const CudnnConfig& config_;
  std::map<int, Tensor> matrices_;
  std::map<int, Tensor> biases_;
};

Vector row(const std::optional<Tensor>& states, int index, int b, std::int64_t width) {
  if (!states) return Vector(static_cast<std::size_t>(width));
  return states->select(0, index).select(0, b).to_vector<double>();
}

void store(const Vector& values, const Tensor& target) {
  target.copy_from(Tensor::from(values, {static_cast<std::int64_t>(values.size())}));
}

NetworkResult packed_result(const Network& network) {
  const CudnnConfig& config = network.config;
  const auto directions = static_cast<int>(direction_count(config));
  const std::int64_t width = state_width(config);
  NetworkResult result = empty_result(config);
  Tensor x = network.x;
  for (int index = 0; index < static_cast<int>(pseudo_layer_count(config)); ++index) {
    const int direction = index % directions;
    if (direction == 0) {
      if (index > 0) x = result.y;
      result.y = Tensor::empty({config.T, config.B, output_width(config)}, DType::f64);
    }
    const PackedCell cell(config, network.weights[static_cast<std::size_t>(index)]);
    for (int b = 0; b < static_cast<int>(config.B); ++b) {
      Vector h = row(network.initial_h, index, b, width);
      Vector c = row(network.initial_c, index, b, config.H);
      for (int s = 0; s < static_cast<int>(config.T); ++s) {
        const int t = direction == 0 ? s : static_cast<int>(config.T) - 1 - s;
        cell.step(x.select(0, t).select(0, b).to_vector<double>(), h, c);
        store(h, result.y.select(0, t).select(0, b).slice(0, direction * width, (direction + 1) * width));
      }
      store(h, result.final_h.select(0, index).select(0, b));
      if (config.kind == CellKind::lstm) store(c, result.final_c.select(0, index).select(0, b));
    }
  }
  return result;
}

struct Case {
  CellKind kind;
  Activation activation = Activation::tanh;
};

// All sizes differ, so that a mixed-up size shows.
void expect_equations(const Case& which, std::int64_t layers, bool bidirectional, std::int64_t projection) {
  SCOPED_TRACE(to_string(which.kind) + ", " + std::to_string(layers) + " layers, bidirectional " +
               std::to_string(bidirectional) + ", projection " + std::to_string(projection));
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Random random(seed);
    const CudnnConfig config{.kind = which.kind,
                             .activation = which.activation,
                             .use_bias = seed % 3 != 0,
                             .layers = layers,
                             .bidirectional = bidirectional,
                             .T = 4,
                             .B = 2,
                             .I = 3,
                             .H = 5,
                             .projection = projection};
    const Network network = random_network(config, random);
    const NetworkResult expected = reference_result(network);
    const NetworkResult actual = packed_result(network);
    EXPECT_TRUE(close(actual.y, expected.y, 1e-13));
    EXPECT_TRUE(close(actual.final_h, expected.final_h, 1e-13));
    if (which.kind != CellKind::lstm) continue;
    EXPECT_TRUE(close(actual.final_c, expected.final_c, 1e-13));
  }
}

TEST(CudnnPacking, EquationsOfTheLibraryGiveWhatTheReferenceGives) {
  for (const Case which : {Case{CellKind::simple_rnn}, Case{CellKind::simple_rnn, Activation::relu},
                           Case{CellKind::lstm}, Case{CellKind::gru}}) {
    for (const std::int64_t layers : {1, 3}) {
      for (const bool bidirectional : {false, true}) expect_equations(which, layers, bidirectional, 0);
    }
  }
  for (const bool bidirectional : {false, true}) expect_equations({CellKind::lstm}, 2, bidirectional, 2);
}

TEST(CudnnPacking, MatricesInTheLibrarysNumbering) {
  const auto kernel = CudnnMatrixSource::kernel;
  const auto recurrent = CudnnMatrixSource::recurrent_kernel;
  EXPECT_EQ(cudnn_matrices(CellKind::simple_rnn, false), (std::vector<CudnnMatrix>{{0, kernel, 0}, {1, recurrent, 0}}));
  EXPECT_EQ(
      cudnn_matrices(CellKind::gru, false),
      (std::vector<CudnnMatrix>{
          {0, kernel, 1}, {1, kernel, 0}, {2, kernel, 2}, {3, recurrent, 1}, {4, recurrent, 0}, {5, recurrent, 2}}));
  EXPECT_EQ(cudnn_matrices(CellKind::lstm, true).size(), 9U);
  EXPECT_EQ(cudnn_matrices(CellKind::lstm, true).back(), (CudnnMatrix{8, CudnnMatrixSource::projection, 0}));
}

TEST(CudnnPacking, WeightsThatDoNotFitAreNamed) {
  Random random(1);
  const CudnnConfig config{
      .layers = 2, .bidirectional = true, .T = 1, .B = 1, .I = 3, .H = 5, .projection = 2, .dtype = DType::f64};
  const Network network = random_network(config, random);
  for (std::int64_t index = 0; index < 4; ++index) {
    check_cudnn_weights(config, index, network.weights[static_cast<std::size_t>(index)]);
  }
  // The upper layer reads both directions of the lower one.
  expect_error<ValueError>([&] { check_cudnn_weights(config, 2, network.weights[0]); },
                           "weight kernel: got f64(3, 20) on cpu, expected f64(4, 20) on cpu");
  const auto expect_refusal = [&](const auto& spoil, const std::vector<std::string>& words) {
    CudnnWeights weights = network.weights[0];
    spoil(weights);
    expect_words([&] { check_cudnn_weights(config, 0, weights); }, words);
  };
  expect_refusal([](CudnnWeights& w) { w.cell.recurrent_kernel = w.cell.kernel; },
                 {"weight recurrent_kernel", "(2, 20)"});
  expect_refusal([](CudnnWeights& w) { w.cell.bias.reset(); }, {"weight bias", "none", "(20,)"});
  expect_refusal([](CudnnWeights& w) { w.projection.reset(); }, {"weight projection", "none", "(5, 2)"});
  expect_refusal([](CudnnWeights& w) { w.cell.kernel = w.cell.kernel.to(DType::f32); }, {"weight kernel", "f32"});
  CudnnConfig bare = config;
  bare.projection = 0;
  bare.use_bias = false;
  CudnnWeights weights{{Tensor::zeros({3, 20}, DType::f64), Tensor::zeros({5, 20}, DType::f64)}};
  check_cudnn_weights(bare, 0, weights);
  weights.cell.bias = Tensor::zeros({20}, DType::f64);
  expect_words([&] { check_cudnn_weights(bare, 0, weights); }, {"weight bias", "none, as use_bias is false"});
  weights.cell.bias.reset();
  weights.projection = Tensor::zeros({5, 2}, DType::f64);
  expect_words([&] { check_cudnn_weights(bare, 0, weights); }, {"weight projection", "no projection"});
  const CudnnConfig gru{.kind = CellKind::gru, .T = 1, .B = 1, .I = 3, .H = 5, .dtype = DType::f64};
  CudnnWeights gates{{Tensor::zeros({3, 15}, DType::f64), Tensor::zeros({5, 15}, DType::f64)}};
  gates.cell.bias = Tensor::zeros({15}, DType::f64);
  expect_words([&] { check_cudnn_weights(gru, 0, gates); }, {"weight bias", "f64(15,)", "f64(2, 15)"});
  gates.cell.bias = Tensor::zeros({2, 15}, DType::f64);
  check_cudnn_weights(gru, 0, gates);
}

}  // namespace
}  // namespace rondo::test
