#include "units/ops/ops_testing.h"

namespace rondo {
namespace {

const std::vector<DType> kAll{DType::f64, DType::f32, DType::f16, DType::bf16, DType::i32, DType::i64, DType::boolean};

TEST(Concat, EveryDTypeAxisAndLayout) {
  for (const DType dtype : kAll) {
    const Tensor a = Tensor::from<double>({1, 0, 3, 4, 0, 6}, {2, 3}).to(dtype);
    const Tensor b = Tensor::from<double>({0, 8}, {2, 1}).to(dtype);
    const Tensor row = Tensor::from<double>({9, 0, 11}, {1, 3}).to(dtype);
    for (const Layout& layout : layouts_of(a)) {
      SCOPED_TRACE(describe(a) + ", " + layout.name);
      const auto as_dtype = [&](std::vector<double> values, const Shape& shape) {
        return elements_of(Tensor::from(values, shape).to(dtype));
      };
      const Tensor wide = concat({layout.tensor, b});
      EXPECT_EQ(wide.dtype(), dtype);
      expect_close(wide, {2, 4}, as_dtype({1, 0, 3, 0, 4, 0, 6, 8}, {8}), 0);
      expect_close(concat({row, layout.tensor}, 0), {3, 3}, as_dtype({9, 0, 11, 1, 0, 3, 4, 0, 6}, {9}), 0);
    }
  }
}

TEST(Concat, EmptyPartsAndOnePart) {
  const Tensor x = Tensor::from<float>({1, 2}, {1, 2});
  const Tensor nothing = Tensor::zeros({0, 2}, DType::f32);
  EXPECT_EQ(concat({nothing, x, nothing}, 0).to_vector<float>(), (std::vector<float>{1, 2}));
  EXPECT_EQ(concat({nothing, nothing}, 1).shape(), (Shape{0, 4}));
  EXPECT_NE(concat({x}).data(), x.data());
}

TEST(Split, PartsAreViews) {
  const Tensor x = Tensor::from<float>({0, 1, 2, 3, 4, 5, 6, 7}, {2, 4});
  const std::vector<Tensor> halves = split(x, 2);
  ASSERT_EQ(halves.size(), 2U);
  EXPECT_EQ(halves[1].to_vector<float>(), (std::vector<float>{2, 3, 6, 7}));
  halves[1].fill(9);
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{0, 1, 9, 9, 4, 5, 9, 9}));
  EXPECT_EQ(split(x, 2, 0)[1].to_vector<float>(), (std::vector<float>{4, 5, 9, 9}));
}

TEST(Split, UnequalSizes) {
  const Tensor x = Tensor::from<std::int32_t>({0, 1, 2, 3}, {4});
  const std::vector<std::int64_t> sizes{1, 0, 3};
  const std::vector<Tensor> parts = split(x, sizes, 0);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].to_vector<std::int32_t>(), (std::vector<std::int32_t>{0}));
  EXPECT_EQ(parts[1].numel(), 0);
  EXPECT_EQ(parts[2].to_vector<std::int32_t>(), (std::vector<std::int32_t>{1, 2, 3}));
}

TEST(Split, UndoesConcat) {
  const Tensor x = random_tensor({3, 8}, DType::f16, 1);
  EXPECT_EQ(elements_of(concat(split(x, 4))), elements_of(x));
}

TEST(Layout, ReshapeTransposeAndZerosLike) {
  const Tensor x = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {2, 3});
  EXPECT_EQ(reshape(x, {3, -1}).shape(), (Shape{3, 2}));
  EXPECT_EQ(transpose(x, {1, 0}).to_vector<float>(), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  for (const DType dtype : kAll) {
    const Tensor zeros = zeros_like(transpose(x, {1, 0}).to(dtype));
    EXPECT_EQ(zeros.dtype(), dtype);
    expect_close(zeros, {3, 2}, std::vector<double>(6, 0.0), 0);
  }
}

TEST(SequenceMask, BothIntegersAndLayouts) {
  const Tensor lengths = Tensor::from<std::int32_t>({0, 2, 5, -1, 3}, {5});
  const std::vector<double> expected{0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1};
  for (const DType dtype : {DType::i32, DType::i64}) {
    for (const Layout& layout : layouts_of(lengths.to(dtype))) {
      const Tensor mask = sequence_mask(layout.tensor, 3);
      EXPECT_EQ(mask.dtype(), DType::boolean);
      expect_close(mask, {5, 3}, expected, 0);
    }
  }
  EXPECT_EQ(sequence_mask(Tensor::zeros({0}, DType::i64), 3).shape(), (Shape{0, 3}));
  EXPECT_EQ(sequence_mask(lengths, 0).shape(), (Shape{5, 0}));
}

}  // namespace
}  // namespace rondo
