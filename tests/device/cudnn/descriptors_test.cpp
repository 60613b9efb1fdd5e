// cuDNN's own answers, as far as it gives them without a device: it describes every network that an executor accepts,
// and none that an executor refuses for its dtype.

#include "cuda/cudnn/cudnn_descriptors.h"

#include <gtest/gtest.h>

#include <array>

#include "cuda/cudnn/cudnn_executors.h"
#include "cuda/cudnn/cudnn_support.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

constexpr std::array kAlgorithms{CudnnAlgorithm::standard, CudnnAlgorithm::persist_static,
                                 CudnnAlgorithm::persist_dynamic, CudnnAlgorithm::persist_static_small_h};

TEST(CudnnDescriptors, ExecutorsInTheLibrarysOrder) {
  ASSERT_EQ(cudnn_executors().size(), kAlgorithms.size());
  for (std::size_t k = 0; k < kAlgorithms.size(); ++k) {
    EXPECT_EQ(cudnn_executors()[k]->name(), cudnn_executor_name(kAlgorithms[k]));
    EXPECT_TRUE(std::holds_alternative<Refusal>(cudnn_executors()[k]->decide({}, {})));
  }
}

TEST(CudnnDescriptors, AcceptedSpecsCanBeDescribed) {
  const std::vector<CellSpec> cells{{.kind = CellKind::lstm},
                                    {.kind = CellKind::gru},
                                    {.kind = CellKind::simple_rnn},
                                    {.kind = CellKind::simple_rnn, .activation = Activation::relu}};
  int described = 0;
  for (const CudnnAlgorithm algorithm : kAlgorithms) {
    for (CellSpec cell : cells) {
      for (const bool use_bias : {true, false}) {
        for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16}) {
          for (const MatrixMath math : {MatrixMath::strict, MatrixMath::tf32, MatrixMath::tf32x3}) {
            for (const std::int64_t units : {1, 7, 128, 2816}) {
              cell.use_bias = use_bias;
              cell.units = units;
              const RecurrenceSpec spec{
                  .cell = cell, .T = 5, .B = 3, .I = 4, .dtype = dtype, .math = math, .device = cuda(0)};
              const CudnnConfig config = cudnn_config(algorithm, spec);
              if (!cudnn_refusal(algorithm, spec)) {
                EXPECT_NO_THROW((void)cudnn::make_rnn_descriptor(config)) << to_string(spec);
                ++described;
              } else {
                EXPECT_THROW((void)cudnn::make_rnn_descriptor(config), ValueError) << to_string(spec);
              }
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(described, 4 * 2 * 3 * 4 * (4 + 3 + 4 + 3));
}

CudnnConfig network() {
  return {.layers = 2, .bidirectional = true, .T = 65535, .B = 3, .I = 4, .H = 8, .dtype = DType::f16};
}

TEST(CudnnDescriptors, FieldsArriveWhereTheyBelong) {
  CudnnConfig config = network();
  config.projection = 5;
  config.use_bias = false;
  const cudnn::RnnDescriptor descriptor = cudnn::make_rnn_descriptor(config);
  cudnnRNNAlgo_t algorithm{};
  cudnnRNNMode_t cell{};
  cudnnRNNBiasMode_t bias{};
  cudnnDirectionMode_t direction{};
  cudnnRNNInputMode_t input{};
  std::array<cudnnDataType_t, 2> dtypes{};
  cudnnMathType_t math{};
  std::array<std::int32_t, 4> sizes{};
  cudnnDropoutDescriptor_t dropout = nullptr;
  std::uint32_t flags = 0;
  ASSERT_EQ(cudnnGetRNNDescriptor_v8(descriptor.get(), &algorithm, &cell, &bias, &direction, &input, &dtypes[0],
                                     &dtypes[1], &math, &sizes[0], &sizes[1], &sizes[2], &sizes[3], &dropout, &flags),
            CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(algorithm, CUDNN_RNN_ALGO_STANDARD);
  EXPECT_EQ(cell, CUDNN_LSTM);
  EXPECT_EQ(bias, CUDNN_RNN_NO_BIAS);
  EXPECT_EQ(direction, CUDNN_BIDIRECTIONAL);
  EXPECT_EQ(input, CUDNN_LINEAR_INPUT);
  EXPECT_EQ(dtypes, (std::array{CUDNN_DATA_HALF, CUDNN_DATA_FLOAT}));
  EXPECT_EQ(math, CUDNN_TENSOR_OP_MATH);
  EXPECT_EQ(sizes, (std::array<std::int32_t, 4>{4, 8, 5, 2}));
  EXPECT_EQ(flags, CUDNN_RNN_PADDED_IO_ENABLED);
}

TEST(CudnnDescriptors, StrictProductsOfF32StayOutOfTensorCores) {
  for (const MatrixMath asked : {MatrixMath::strict, MatrixMath::tf32, MatrixMath::tf32x3}) {
    CudnnConfig config = network();
    config.dtype = DType::f32;
    config.math = asked;
    const cudnn::RnnDescriptor descriptor = cudnn::make_rnn_descriptor(config);
    cudnnMathType_t math{};
    std::uint32_t rest = 0;
    std::array<std::int32_t, 4> sizes{};
    std::array<cudnnDataType_t, 2> dtypes{};
    cudnnRNNAlgo_t algorithm{};
    cudnnRNNMode_t cell{};
    cudnnRNNBiasMode_t bias{};
    cudnnDirectionMode_t direction{};
    cudnnRNNInputMode_t input{};
    cudnnDropoutDescriptor_t dropout = nullptr;
    ASSERT_EQ(cudnnGetRNNDescriptor_v8(descriptor.get(), &algorithm, &cell, &bias, &direction, &input, &dtypes[0],
                                       &dtypes[1], &math, &sizes[0], &sizes[1], &sizes[2], &sizes[3], &dropout, &rest),
              CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(math, asked == MatrixMath::tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH);
  }
}

TEST(CudnnDescriptors, RefusalsCarryTheLibrarysWords) {
  CudnnConfig config = network();
  config.algorithm = CudnnAlgorithm::persist_static;
  config.projection = 5;
  expect_words([&] { (void)cudnn::make_rnn_descriptor(config); },
               {"cuDNN does not support this network", "describing the network", "CUDNN_STATUS_NOT_SUPPORTED"});
  config = network();
  config.activation = Activation::relu;
  expect_words([&] { (void)cudnn::make_rnn_descriptor(config); }, {"activation", "relu", "tanh"});
  config = network();
  config.H = std::int64_t{1} << 31;
  expect_words([&] { (void)cudnn::make_rnn_descriptor(config); }, {"H", "2147483648", "32 bits"});
}

TEST(CudnnDescriptors, SequencesInEveryLayout) {
  CudnnConfig config = network();
  config.T = 5;
  const std::array<std::int32_t, 3> lengths{5, 2, 1};
  for (const CudnnLayout layout : {CudnnLayout::time_major, CudnnLayout::batch_major, CudnnLayout::packed}) {
    const cudnn::SequenceDescriptor descriptor = cudnn::make_sequence_descriptor();
    cudnn::set_sequence_descriptor(descriptor, config, layout, 7, lengths);
    cudnnDataType_t dtype{};
    cudnnRNNDataLayout_t actual{};
    std::array<int, 3> sizes{};
    std::array<int, 3> actual_lengths{};
    double fill = 1;
    ASSERT_EQ(cudnnGetRNNDataDescriptor(descriptor.get(), &dtype, &actual, &sizes[0], &sizes[1], &sizes[2], 3,
                                        actual_lengths.data(), &fill),
              CUDNN_STATUS_SUCCESS);
    EXPECT_EQ(dtype, CUDNN_DATA_HALF);
    EXPECT_EQ(static_cast<int>(actual), layout == CudnnLayout::time_major ? 0 : layout == CudnnLayout::packed ? 1 : 2);
    EXPECT_EQ(sizes, (std::array{5, 3, 7}));
    EXPECT_EQ(actual_lengths, (std::array{5, 2, 1}));
  }
}

TEST(CudnnDescriptors, LongestSequence) {
  CudnnConfig config = network();
  const cudnn::SequenceDescriptor descriptor = cudnn::make_sequence_descriptor();
  const auto describe = [&] {
    const std::vector lengths(3, static_cast<std::int32_t>(config.T));
    cudnn::set_sequence_descriptor(descriptor, config, CudnnLayout::time_major, 4, lengths);
  };
  EXPECT_NO_THROW(describe());
  config.T = 65536;
  EXPECT_THROW(describe(), ValueError);
}

TEST(CudnnDescriptors, HandleWithoutADeviceIsAnError) {
  if (cuda_device_count() > 0) GTEST_SKIP() << "what cuDNN says without a device shows only where there is none";
  expect_words<RuntimeError>([] { (void)cudnn::make_handle(); }, {"making a cuDNN handle", "CUDNN_STATUS_"});
}

}  // namespace
}  // namespace rondo::test
