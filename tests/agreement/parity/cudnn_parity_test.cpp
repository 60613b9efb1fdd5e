// cuDNN's networks on the device against the reference executor on the CPU: where the numbers agree, packing,
// directions, stacking and projections are right. Skipped without a device.

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "agreement/parity/cudnn_on_device.h"
#include "cuda/cudnn/cudnn_support.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"
#include "support/parity_record.h"

namespace rondo::test {
namespace {

constexpr std::array kAlgorithms{CudnnAlgorithm::standard, CudnnAlgorithm::persist_static,
                                 CudnnAlgorithm::persist_dynamic, CudnnAlgorithm::persist_static_small_h};

constexpr std::array kPrecisions{
    Precision{DType::f64, MatrixMath::strict, 1e-12}, Precision{DType::f32, MatrixMath::strict, 1e-5},
    Precision{DType::f32, MatrixMath::tf32, 1e-3}, Precision{DType::f16, MatrixMath::strict, 2e-3},
    Precision{DType::bf16, MatrixMath::strict, 1e-2}};

class CudnnParity : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_THROW(check_device(device())); }

  static Device device() { return device_under_test(); }
  static Stream stream() { return {device()}; }
};

/// Returns the largest error, and fails where an error exceeds `bound`.
double expect_near(const NetworkResult& actual, const NetworkResult& expected, double bound) {
  double error = 0;
  const auto compare = [&](const Tensor& ours, const Tensor& theirs, const char* name) {
    if (!theirs.defined()) return;
    const Tensor exact = ours.to(DType::f64);
    EXPECT_TRUE(within(exact, theirs, bound)) << name;
    error = std::max(error, largest_magnitude(sub(exact, theirs)));
  };
  compare(actual.y, expected.y, "y");
  compare(actual.final_h, expected.final_h, "final h");
  compare(actual.final_c, expected.final_c, "final c");
  return error;
}

void expect_parity(const CudnnConfig& config, const Precision& precision, std::uint64_t seed, Stream stream) {
  SCOPED_TRACE(std::string(cudnn_executor_name(config.algorithm)) + " " + to_string(config.kind) + " " +
               to_string(precision.dtype) + " " + to_string(precision.math) + ", layers " +
               std::to_string(config.layers) + ", bidirectional " + std::to_string(config.bidirectional) +
               ", projection " + std::to_string(config.projection) + ", seed " + std::to_string(seed));
  Random random(seed);
  const Network network = random_network(config, random, precision.dtype);
  const NetworkResult expected = reference_result(network);
  OnDevice on_device(network, precision, stream);
  const double scale = scale_of(network, expected);
  const double bound = precision.tolerance * static_cast<double>(config.layers) * scale;
  const std::string executor(cudnn_executor_name(config.algorithm));
  for (const CudnnLayout layout : {CudnnLayout::time_major, CudnnLayout::batch_major}) {
    SCOPED_TRACE(layout == CudnnLayout::time_major ? "time major" : "batch major");
    const double error = expect_near(on_device.run(layout), expected, bound);
    record_parity({executor, precision.dtype, precision.math}, error / scale);
  }
}

CudnnConfig small(CellKind kind) { return {.kind = kind, .T = 6, .B = 3, .I = 5, .H = 8}; }

TEST_F(CudnnParity, CellsOfTheStandardAlgorithm) {
  std::uint64_t seed = 0;
  for (const CellKind kind : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
    for (const Precision& precision : kPrecisions) {
      for (const bool use_bias : {true, false}) {
        CudnnConfig config = small(kind);
        config.use_bias = use_bias;
        expect_parity(config, precision, ++seed, stream());
      }
    }
  }
  CudnnConfig relu = small(CellKind::simple_rnn);
  relu.activation = Activation::relu;
  expect_parity(relu, kPrecisions[0], ++seed, stream());
}

TEST_F(CudnnParity, StacksDirectionsAndProjections) {
  std::uint64_t seed = 100;
  for (const CellKind kind : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
    for (const bool bidirectional : {false, true}) {
      for (const std::int64_t projection : {0, 4}) {
        if (projection > 0 && kind != CellKind::lstm) continue;
        CudnnConfig config = small(kind);
        config.layers = 3;
        config.bidirectional = bidirectional;
        config.projection = projection;
        for (const Precision& precision : kPrecisions) expect_parity(config, precision, ++seed, stream());
      }
    }
  }
}

TEST_F(CudnnParity, LengthsFromTheHost) {
  std::uint64_t seed = 200;
  for (const CellKind kind : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
    for (const bool packed : {false, true}) {
      CudnnConfig config = small(kind);
      config.layers = 2;
      config.bidirectional = true;
      config.packed = packed;
      Random random(++seed);
      Network network = random_network(config, random);
      network.lengths =
          packed ? Tensor::from<std::int32_t>({6, 4, 1}, {3}) : Tensor::from<std::int32_t>({2, 6, 1}, {3});
      const NetworkResult expected = reference_result(network);
      OnDevice on_device(network, kPrecisions[0], stream());
      const std::vector layouts =
          packed ? std::vector{CudnnLayout::packed} : std::vector{CudnnLayout::time_major, CudnnLayout::batch_major};
      for (const CudnnLayout layout : layouts) {
        SCOPED_TRACE(to_string(kind) + ", layout " + std::to_string(static_cast<int>(layout)));
        expect_near(on_device.run(layout), expected, 2e-12 * scale_of(network, expected));
      }
    }
  }
}

// cuDNN decides what each persistent algorithm accepts. An algorithm must be right wherever cuDNN accepts.
TEST_F(CudnnParity, PersistentAlgorithmsWhereTheLibraryAccepts) {
  std::set<CudnnAlgorithm> ran;
  std::uint64_t seed = 300;
  for (const CudnnAlgorithm algorithm : kAlgorithms) {
    for (const CellKind kind : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
      for (const std::int64_t H : {64, 128, 256}) {
        for (const Precision& precision : kPrecisions) {
          const CudnnConfig config{
              .algorithm = algorithm, .kind = kind, .use_bias = H != 128, .T = 4, .B = 8, .I = 32, .H = H};
          try {
            expect_parity(config, precision, ++seed, stream());
            ran.insert(algorithm);
          } catch (const ValueError& refusal) {
            EXPECT_NE(std::string(refusal.what()).find("CUDNN_STATUS_"), std::string::npos) << refusal.what();
            EXPECT_NE(algorithm, CudnnAlgorithm::standard) << refusal.what();
          }
        }
      }
    }
  }
  for (const CudnnAlgorithm algorithm : kAlgorithms) {
    EXPECT_TRUE(ran.contains(algorithm)) << cudnn_executor_name(algorithm) << " accepted nothing";
  }
}

TEST_F(CudnnParity, OtherLengthsAndLayoutsAreRefused) {
  Random random(400);
  const Network network = random_network(small(CellKind::gru), random);
  CudnnConfig config = network.config;
  config.device = device();
  std::vector<CudnnWeights> weights;
  for (const CudnnWeights& own : network.weights) {
    weights.push_back(
        {{own.cell.kernel.to(device()), own.cell.recurrent_kernel.to(device()), own.cell.bias->to(device())}});
  }
  CudnnRnn rnn(config, weights, stream());
  EXPECT_GT(rnn.weight_space_bytes(), 0U);
  expect_words([&] { rnn.set_lengths(std::array{6, 6}); }, {"lengths", "2", "3, one for each row"});
  expect_words([&] { rnn.set_lengths(std::array{6, 0, 6}); }, {"lengths", "a row of 0", "1 to T = 6"});
  expect_words([&] { rnn.set_lengths(std::array{6, 7, 6}); }, {"lengths", "a row of 7", "1 to T = 6"});
  expect_words([&] { rnn.forward({.layout = CudnnLayout::packed}, stream()); },
               {"layout", "time_major or batch_major"});
  weights.pop_back();
  expect_words([&] { const CudnnRnn none(config, weights, stream()); }, {"weights", "0", "1, one for each direction"});
}

}  // namespace
}  // namespace rondo::test
