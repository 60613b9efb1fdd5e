// Tensors so large that a thread takes many elements and 32 bits do not count them, for a device with enough memory
// and threads.

#include <gtest/gtest.h>

#include "agreement/parity/tensor_pair.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/device_under_test.h"

namespace rondo::test {
namespace {

class LargeParity : public ::testing::Test {
 protected:
  void SetUp() override {
    if (properties_of(device_under_test()).memory_bytes < std::size_t{24} << 30) GTEST_SKIP() << "less than 24 GB";
  }

  /// A tensor (rows, columns), each element the sum of a number of its row and a number of its column.
  static TensorPair outer_sum(std::int64_t rows, std::int64_t columns) {
    Random random(1);
    const TensorPair column = random_pair(random, {rows, 1}, DType::f32, Elements::ordinary);
    const TensorPair row = random_pair(random, {columns}, DType::f32, Elements::ordinary);
    return {add(column.host, row.host), add(column.device, row.device)};
  }
};

TEST_F(LargeParity, ElementsInTurn) {
  const TensorPair x = outer_sum(5003, 2001);
  EXPECT_TRUE(same(x.device, x.host));
  const auto every_third = [](const Tensor& t) { return t.slice(1, 2000, -1, -3); };
  EXPECT_TRUE(same(mul(every_third(x.device), 3.0), mul(every_third(x.host), 3.0)));
  EXPECT_TRUE(same(x.device.swap_axes(0, 1).contiguous(), x.host.swap_axes(0, 1).contiguous()));
  EXPECT_TRUE(same(x.device.to(DType::bf16), x.host.to(DType::bf16)));
}

TEST_F(LargeParity, MoreElementsThan32BitsCount) {
  const std::int64_t half = (std::int64_t{1} << 30) + 77;
  const Tensor x = Tensor::zeros({2, half}, DType::boolean, device_under_test());
  x.slice(0, 1, 2).slice(1, half - 5, half).fill(1);
  const Tensor turned = x.swap_axes(0, 1).contiguous();  // shape (half, 2)
  EXPECT_TRUE(same(turned.slice(0, half - 7, half).contiguous(), x.slice(1, half - 7, half).to(cpu()).swap_axes(0, 1)));
  const Tensor backwards = x.slice(1, half - 1, -1, -1).slice(0, 1, -1, -1).contiguous();
  EXPECT_TRUE(
      same(backwards.slice(1, 0, 9), x.slice(1, half - 9, half).to(cpu()).slice(1, 8, -1, -1).slice(0, 1, -1, -1)));
  const Tensor numbers = x.to(DType::i32);
  EXPECT_EQ(sum(numbers).item(), 5);
  EXPECT_TRUE(same(sum(numbers, {1}), Tensor::from<std::int32_t>({0, 5}, {2})));
}

TEST_F(LargeParity, LinesInTurn) {
  for (const auto& [rows, columns] : {std::pair{1100000, 20}, std::pair{70000, 1030}, std::pair{17000000, 3}}) {
    const TensorPair x = outer_sum(rows, columns);
    SCOPED_TRACE(describe(x.host));
    for (const int axis : {0, 1}) {
      EXPECT_TRUE(near_to(sum(x.device, {axis}), sum(x.host, {axis}), {1.001, 1}));
      EXPECT_TRUE(near_to(max(x.device, {axis}), max(x.host, {axis}), {}));
    }
    EXPECT_TRUE(near_to(mean(x.device), mean(x.host), {1.001, 1}));
    EXPECT_TRUE(near_to(softmax(x.device), softmax(x.host), {8, 1e-30}));
  }
}

}  // namespace
}  // namespace rondo::test
