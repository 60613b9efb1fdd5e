// Elementwise operations on the device under test against the CPU: bit for bit where only the result is rounded,
// within a few spacings where a library computes a function.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "agreement/parity/tensor_pair.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

constexpr DType kNumbers[] = {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i32, DType::i64};
constexpr int kFloats = 4;

struct UnaryCase {
  const char* name;
  std::function<Tensor(const Tensor&)> op;
  bool floating = false;
  Nearness nearness = {};  // bit for bit by default
};

const std::vector<UnaryCase>& unary_cases() {
  static const std::vector<UnaryCase> cases{
      {"neg", [](const Tensor& x) { return neg(x); }},
      {"relu", [](const Tensor& x) { return relu(x); }},
      {"clip", [](const Tensor& x) { return clip(x, -1, 2); }},
      {"clip above", [](const Tensor& x) { return clip(x, -INFINITY, 1); }},
      {"add", [](const Tensor& x) { return add(x, 3.0); }},
      {"mul", [](const Tensor& x) { return mul(x, -2.0); }},
      {"add a fraction", [](const Tensor& x) { return add(x, 0.1); }, true},
      {"tanh", [](const Tensor& x) { return tanh(x); }, true, {4, 0}},
      {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, true, {4, 1e-30}},
      {"exp", [](const Tensor& x) { return exp(x); }, true, {4, 1e-30}},
      {"sqrt", [](const Tensor& x) { return sqrt(x); }, true, {1, 0}},
      // A device may round the product and the sum together.
      {"hard_sigmoid", [](const Tensor& x) { return hard_sigmoid(x); }, true, {1, 1}},
      {"hard_sigmoid_keras3", [](const Tensor& x) { return hard_sigmoid_keras3(x); }, true, {1, 1}},
  };
  return cases;
}

::testing::AssertionResult agree(const Tensor& on_device, const Tensor& on_host, Nearness nearness) {
  return nearness.spacings == 0 ? same(on_device, on_host) : near_to(on_device, on_host, nearness);
}

TEST(ElementwiseParity, OneOperand) {
  for (const DType dtype : kNumbers) {
    for (const UnaryCase& unary : unary_cases()) {
      if (unary.floating && !is_floating(dtype)) continue;
      Random random(static_cast<std::uint64_t>(dtype) + 11);
      std::vector<TensorPair> arguments;
      for (const Shape& shape : {Shape{}, Shape{0}, Shape{5}, Shape{64, 33}, Shape{2, 256}}) {
        arguments.push_back(random_pair(random, shape, dtype, Elements::hazardous));
      }
      for (int k = 0; k < 4; ++k) {
        const Shape shape = random_shape(random, static_cast<int>(random.integer(1, 5)), 12);
        arguments.push_back(random_view(random, shape, dtype, Elements::hazardous));
      }
      for (const TensorPair& x : arguments) {
        SCOPED_TRACE(std::string(unary.name) + " of " + describe(x.host) + " strides " + to_string(x.host.strides()));
        EXPECT_TRUE(agree(unary.op(x.device), unary.op(x.host), unary.nearness));
      }
    }
  }
}

TEST(ElementwiseParity, TwoOperands) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed);
    const DType dtype = kNumbers[seed % 6];
    const Shape shape = random_shape(random, static_cast<int>(random.integer(0, 5)), seed % 7 == 0 ? 64 : 12);
    const TensorPair a = random_view(random, random_broadcastable(random, shape), dtype, Elements::hazardous);
    const TensorPair b = random_view(random, random_broadcastable(random, shape), dtype, Elements::hazardous);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + describe(a.host) + " strides " + to_string(a.host.strides()) +
                 ", " + describe(b.host) + " strides " + to_string(b.host.strides()));
    EXPECT_TRUE(same(add(a.device, b.device), add(a.host, b.host)));
    EXPECT_TRUE(same(sub(a.device, b.device), sub(a.host, b.host)));
    EXPECT_TRUE(same(mul(a.device, b.device), mul(a.host, b.host)));
    EXPECT_TRUE(same(maximum(a.device, b.device), maximum(a.host, b.host)));
    EXPECT_TRUE(same(minimum(a.device, b.device), minimum(a.host, b.host)));
    if (is_floating(dtype)) {
      EXPECT_TRUE(same(div(a.device, b.device), div(a.host, b.host)));
    }
  }
}

// The shapes of a step function, for which kernels use wide accesses.
TEST(ElementwiseParity, RowsAndBiases) {
  for (const DType dtype : kNumbers) {
    Random random(3);
    for (const std::int64_t units : {64, 66, 7}) {
      const TensorPair x = random_pair(random, {9, units}, dtype, Elements::hazardous);
      const TensorPair bias = random_pair(random, {units}, dtype, Elements::hazardous);
      const TensorPair column = random_pair(random, {9, 1}, dtype, Elements::hazardous);
      const auto half = [&](const Tensor& t) { return t.slice(1, units / 2, units); };
      EXPECT_TRUE(same(add(x.device, bias.device), add(x.host, bias.host)));
      EXPECT_TRUE(same(mul(column.device, x.device), mul(column.host, x.host)));
      EXPECT_TRUE(same(sub(half(x.device), half(x.device)), sub(half(x.host), half(x.host))));
      EXPECT_TRUE(same(add(column.device, bias.device), add(column.host, bias.host)));
    }
  }
}

TEST(ElementwiseParity, Where) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const DType dtype = seed % 7 == 6 ? DType::boolean : kNumbers[seed % 7];
    const Shape shape = random_shape(random, static_cast<int>(random.integer(0, 5)), seed % 5 == 0 ? 64 : 12);
    const auto draw = [&](DType of) {
      return random_view(random, random_broadcastable(random, shape), of, Elements::hazardous);
    };
    const TensorPair condition = draw(DType::boolean);
    const TensorPair yes = draw(dtype);
    const TensorPair no = draw(dtype);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + describe(condition.host) + ", " + describe(yes.host) + ", " +
                 describe(no.host));
    EXPECT_TRUE(same(where(condition.device, yes.device, no.device), where(condition.host, yes.host, no.host)));
  }
}

TEST(ElementwiseParity, SequenceMask) {
  for (const DType dtype : {DType::i32, DType::i64}) {
    Random random(5);
    for (const Shape& shape : {Shape{0}, Shape{1}, Shape{300}}) {
      for (const std::int64_t steps : {0, 1, 50}) {
        const TensorPair x = random_view(random, shape, dtype, Elements::ordinary);
        const TensorPair huge = random_pair(random, shape, dtype, Elements::hazardous);
        EXPECT_TRUE(same(sequence_mask(x.device, steps), sequence_mask(x.host, steps)));
        EXPECT_TRUE(same(sequence_mask(huge.device, steps), sequence_mask(huge.host, steps)));
      }
    }
  }
}

TEST(ElementwiseParity, LayoutFunctions) {
  Random random(8);
  const TensorPair a = random_pair(random, {3, 4, 6}, DType::f16, Elements::hazardous);
  const TensorPair b = random_view(random, {3, 2, 6}, DType::f16, Elements::hazardous);
  const TensorPair joined{concat({a.host, b.host}, 1), concat({a.device, b.device}, 1)};
  EXPECT_TRUE(same(joined.device, joined.host));
  EXPECT_TRUE(same(split(joined.device, 3, 2)[1], split(joined.host, 3, 2)[1].contiguous()));
  EXPECT_TRUE(same(reshape(a.device.swap_axes(0, 2), {6, 12}), reshape(a.host.swap_axes(0, 2), {6, 12})));
  EXPECT_TRUE(same(zeros_like(a.device), zeros_like(a.host)));
}

TEST(ElementwiseParity, TensorsOfTwoDevicesAreRefused) {
  const Tensor here = Tensor::zeros({4}, DType::f32);
  const Tensor there = Tensor::zeros({4}, DType::f32, device_under_test());
  const std::string name = to_string(device_under_test());
  expect_error<ValueError>([&] { (void)add(here, there); },
                           "b of add: got f32(4,) on " + name + ", expected the device of a, f32(4,) on cpu");
  expect_error<ValueError>(
      [&] { (void)where(Tensor::zeros({4}, DType::boolean), there, there); },
      "condition of where: got bool(4,) on cpu, expected the device of if_true, f32(4,) on " + name);
  EXPECT_THROW(concat({there, here}), ValueError);
  EXPECT_THROW(matmul(there.reshape({2, 2}), here.reshape({2, 2})), ValueError);
  EXPECT_THROW(dot(here, there), ValueError);
}

}  // namespace
}  // namespace rondo::test
