// Gradients from cuDNN's places back to Keras's weights, by the kernel that copies them: what packing has taken apart
// comes together again, is added, and is converted.

#include <gtest/gtest.h>

#include "cuda/cudnn/cudnn_packing.h"
#include "rondo/ops/ops.h"
#include "rondo/tensor/stream.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

struct Sizes {
  std::int64_t I;
  std::int64_t H;
};

/// Gradients in Keras's layout, on the CPU.
CudnnWeights drawn(CellKind kind, const Sizes& sizes, DType dtype, Random& random) {
  const std::int64_t columns = gate_count(kind) * sizes.H;
  const Shape bias = kind == CellKind::gru ? Shape{2, columns} : Shape{columns};
  return {{random.tensor({sizes.I, columns}, 1.0, dtype), random.tensor({sizes.H, columns}, 1.0, dtype),
           random.tensor(bias, 1.0, dtype)}};
}

CudnnWeights filled_like(const CudnnWeights& weights, double value, DType dtype) {
  const auto filled = [&](const Tensor& weight) {
    return Tensor::full(weight.shape(), value, dtype, device_under_test());
  };
  return {weights.cell.map(filled)};
}

/// Places in memory of cuDNN's order, as a library might have them: values and biases of one pseudo layer.
std::vector<CudnnPlace> packed(CellKind kind, const CudnnWeights& weights, std::int64_t H) {
  std::vector<CudnnPlace> places;
  for (const CudnnMatrix& matrix : cudnn_matrices(kind, false)) {
    const auto on_device = [](const Tensor& view) { return view.contiguous().to(device_under_test()); };
    const std::optional<Tensor> bias = cudnn_bias_view(matrix, weights, H);
    places.push_back({0, matrix, on_device(cudnn_matrix_view(matrix, weights, H)),
                      bias ? on_device(bias->insert_axis(1))
                           : Tensor::full({H, 1}, 99.0, weights.cell.kernel.dtype(), device_under_test())});
  }
  return places;
}

void expect_equal(const CudnnWeights& actual, const CudnnWeights& expected) {
  EXPECT_TRUE(identical(actual.cell.kernel.to(cpu()), expected.cell.kernel));
  EXPECT_TRUE(identical(actual.cell.recurrent_kernel.to(cpu()), expected.cell.recurrent_kernel));
  EXPECT_TRUE(identical(actual.cell.bias->to(cpu()), *expected.cell.bias));
}

void unpack(const std::vector<CudnnPlace>& places, const CudnnWeights& target, const Placement& placement) {
  const std::int64_t H = target.cell.recurrent_kernel.size(0);
  place_matrices(unpacked_gradients(places, target, H), placement, Stream{device_under_test()});
  synchronize(Stream{device_under_test()});
}

TEST(CudnnUnpacking, IsTheInverseOfPacking) {
  for (const CellKind kind : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
    for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16}) {
      for (const Sizes& sizes : {Sizes{1, 1}, Sizes{5, 3}, Sizes{40, 33}, Sizes{32, 64}}) {
        SCOPED_TRACE(to_string(kind) + " " + to_string(dtype) + ", H " + std::to_string(sizes.H));
        Random random(static_cast<std::uint64_t>(sizes.H));
        const CudnnWeights expected = drawn(kind, sizes, dtype, random);
        const CudnnWeights actual = filled_like(expected, 7.0, dtype);
        unpack(packed(kind, expected, sizes.H), actual, {.source = dtype, .target = dtype});
        expect_equal(actual, expected);
      }
    }
  }
}

TEST(CudnnUnpacking, AddsAndConverts) {
  const Sizes sizes{3, 34};
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    Random random(3);
    const CudnnWeights given = drawn(CellKind::gru, sizes, dtype, random);
    const CudnnWeights wide{given.cell.map([](const Tensor& weight) { return weight.to(DType::f32); })};
    const CudnnWeights sums = filled_like(given, 0.5, DType::f32);
    unpack(packed(CellKind::gru, given, sizes.H), sums, {.source = dtype, .target = DType::f32, .accumulate = true});
    expect_equal(sums, {wide.cell.map([](const Tensor& weight) { return add(weight, 0.5); })});
  }
}

TEST(CudnnUnpacking, WritesWhatIsWantedAlone) {
  Random random(4);
  const CudnnWeights given = drawn(CellKind::lstm, {3, 5}, DType::f32, random);
  const std::vector<CudnnPlace> places = packed(CellKind::lstm, given, 5);
  CudnnWeights wanted;
  EXPECT_TRUE(unpacked_gradients(places, wanted, 5).empty());
  wanted.cell.recurrent_kernel = Tensor::full({5, 20}, 7.0, DType::f32, device_under_test());
  EXPECT_EQ(unpacked_gradients(places, wanted, 5).size(), 4U);
  unpack(places, wanted, {});
  EXPECT_TRUE(identical(wanted.cell.recurrent_kernel.to(cpu()), given.cell.recurrent_kernel));
  // One bias of Keras's stands for two of cuDNN's, whose gradients are equal.
  wanted.cell.bias = Tensor::full({20}, 7.0, DType::f32, device_under_test());
  EXPECT_EQ(unpacked_gradients(places, wanted, 5).size(), 8U);
}

TEST(CudnnUnpacking, APlaceOfAnotherShapeIsAnError) {
  Random random(5);
  const CudnnWeights given = drawn(CellKind::lstm, {3, 5}, DType::f32, random);
  std::vector<CudnnPlace> places = packed(CellKind::lstm, given, 5);
  places[2].values = Tensor::zeros({5, 4}, DType::f32, device_under_test());
  expect_words<RuntimeError>([&] { (void)unpacked_gradients(places, given, 5); },
                             {"cuDNN's weight 2", "f32(5, 4)", "f32(5, 3)"});
  places[2] = places[1];
  places[2].bias = {};
  expect_words<RuntimeError>([&] { (void)unpacked_gradients(places, given, 5); }, {"cuDNN's weight 1", "absent"});
}

TEST(CudnnUnpacking, RowsThatAreAddedKeepTheirOrder) {
  const Tensor source = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {3, 2}, device_under_test());
  const Tensor target = Tensor::full({3, 2}, 10.0, DType::f32, device_under_test());
  place_matrices(std::array{PlacedMatrix{.source = source.data(),
                                         .rows = 3,
                                         .columns = 2,
                                         .target = target.data(),
                                         .row_stride = 2,
                                         .column_stride = 1}},
                 {.accumulate = true}, Stream{device_under_test()});
  EXPECT_EQ(target.to(cpu()).to_vector<float>(), (std::vector<float>{11, 12, 13, 14, 15, 16}));
}

TEST(CudnnUnpacking, ConvertsToNothingElse) {
  const PlacedMatrix none;
  expect_words([&] { place_matrices(std::array{none}, {.source = DType::f32, .target = DType::f16}, {}); },
               {"target", "f16", "f32"});
  expect_words([&] { place_matrices(std::array{none}, {.source = DType::i32, .target = DType::i32}, {}); },
               {"source", "i32"});
}

}  // namespace
}  // namespace rondo::test
