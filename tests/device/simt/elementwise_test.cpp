// The index arithmetic of kernels at sizes that other tests' tensors do not have, and the elementwise kernel's grids.

#include "cuda/tensor/elementwise.cuh"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "cuda/tensor/strided_index.h"
#include "rondo/tensor/stream.h"
#include "support/random.h"

namespace rondo::test {
namespace {

TEST(Divisor, DividesEveryNumberOfItsWidth) {
  Random random(1);
  const auto check = [](std::uint64_t n, std::uint64_t d) {
    EXPECT_EQ(Divisor<std::uint64_t>(d).quotient(n), n / d) << n << " / " << d;
    if (n >> 31 != 0 || d >> 31 != 0) return;
    EXPECT_EQ(Divisor<std::uint32_t>(static_cast<std::uint32_t>(d)).quotient(static_cast<std::uint32_t>(n)), n / d)
        << n << " / " << d;
  };
  for (int bits : {8, 31, 63}) {
    const std::int64_t most = static_cast<std::int64_t>((std::uint64_t{1} << bits) - 1);
    for (int round = 0; round < 20000; ++round) {
      const auto d = static_cast<std::uint64_t>(random.integer(1, random.coin() ? most : 1000));
      const auto n = static_cast<std::uint64_t>(random.integer(0, most));
      check(n, d);
      check(n / d * d, d);          // a multiple of d
      check(n / d * d + d - 1, d);  // the number before the next multiple
      check(static_cast<std::uint64_t>(most), d);
      check(n, std::uint64_t{1} << random.integer(0, bits - 1));
    }
  }
}

void expect_offset(const LoopNest<2>& nest, std::int64_t index) {
  std::int64_t offsets[2];
  StridedIndex(nest).offsets(index, offsets);
  std::int64_t expected[2] = {};
  std::int64_t rest = index;
  for (int axis = nest.shape.rank() - 1; axis >= 0; --axis) {
    const std::int64_t position = rest % nest.shape[axis];
    rest /= nest.shape[axis];
    for (std::size_t k = 0; k < 2; ++k) expected[k] += position * nest.strides[k][axis];
  }
  EXPECT_EQ(offsets[0], expected[0]) << to_string(nest.shape) << " " << index;
  EXPECT_EQ(offsets[1], expected[1]) << to_string(nest.shape) << " " << index;
}

// The tensors have more elements than 32 bits count, and strides beyond 32 bits.
TEST(StridedIndex, OffsetsOfHugeTensors) {
  Random random(2);
  const std::vector<Shape> shapes{{}, {5}, {3, 5}, {70000, 70001}, {2, 3, 1 << 30}, {3000000000, 2}, {4, 46341, 46341}};
  for (const Shape& shape : shapes) {
    LoopNest<2> nest{shape, {contiguous_strides(shape), shape}};
    for (int axis = 0; axis < shape.rank(); ++axis) nest.strides[1][axis] = random.integer(-5000000000, 5000000000);
    for (int round = 0; round < 2000; ++round) expect_offset(nest, random.integer(0, shape.numel() - 1));
    expect_offset(nest, shape.numel() - 1);
  }
}

struct Negate {
  template <int kWidth>
  void operator()(device::Pack<std::int32_t, kWidth>& result, const device::Pack<std::int32_t, kWidth>& x) const {
    for (int i = 0; i < kWidth; ++i) result.elements[i] = -x.elements[i];
  }
};

TEST(ElementwiseKernel, FewThreadsTakeManyElementsInTurn) {
  std::vector<std::int32_t> x(5000);
  std::iota(x.begin(), x.end(), 1);
  std::vector<std::int32_t> result(x.size(), 0);
  ElementwiseArguments<2> arguments;
  arguments.packs = 5000;
  arguments.threads = 3 * 64;
  arguments.index = StridedIndex(LoopNest<2>{{5000}, {Strides{1}, Strides{-1}}});
  arguments.result = result.data();
  arguments.operands[1] = x.data() + 4999;
  device::launch(elementwise_kernel<1, Negate, std::int32_t, std::int32_t>,
                 {.grid = {3}, .block = {64}, .stream = {cpu()}}, Negate{}, arguments);
  for (std::int32_t i = 0; i < 5000; ++i) ASSERT_EQ(result[static_cast<std::size_t>(i)], i - 5000);
}

TEST(ElementwiseKernel, WalksTheResultAsItLiesInMemory) {
  // Both operands are transposed alike, so that their axes join to one; a repeated operand does not prevent that.
  const auto nest = nest_along_result<3>({4, 6}, {Strides{1, 4}, Strides{1, 4}, Strides{0, 0}});
  EXPECT_EQ(nest.shape, (Shape{24}));
  EXPECT_EQ(nest.strides[0], (Strides{1}));
  EXPECT_EQ(nest.strides[2], (Strides{0}));
  alignas(64) static std::int32_t memory[64];
  EXPECT_TRUE((rows_fit_packs<4, std::int32_t>(nest, 0, memory)));
  EXPECT_TRUE((rows_fit_packs<4, std::int32_t>(nest, 2, memory + 1)));
  EXPECT_FALSE((rows_fit_packs<4, std::int32_t>(nest, 1, memory + 1)));
  EXPECT_FALSE((rows_fit_packs<16, std::int32_t>(nest, 0, memory)));
  const LoopNest<1> gaps{{2, 8}, {Strides{9, 1}}};
  EXPECT_FALSE((rows_fit_packs<4, std::int32_t>(gaps, 0, memory)));
}

}  // namespace
}  // namespace rondo::test
