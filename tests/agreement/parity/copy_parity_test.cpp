// Copies, conversions and fills on the device under test give the bits that the CPU gives.

#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "agreement/parity/tensor_pair.h"
#include "support/compare.h"
#include "support/device_under_test.h"

namespace rondo::test {
namespace {

constexpr DType kDTypes[] = {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i32, DType::i64, DType::boolean};

TEST(CopyParity, EveryPairOfDTypesConverts) {
  for (const DType from : kDTypes) {
    for (const DType to : kDTypes) {
      Random random(static_cast<std::uint64_t>(from) * 10 + static_cast<std::uint64_t>(to));
      for (const Shape& shape : {Shape{}, Shape{3}, Shape{512}, Shape{4, 8, 16}, Shape{7, 9, 5}}) {
        const TensorPair x = random_view(random, shape, from, Elements::hazardous);
        SCOPED_TRACE(describe(x.host) + " strides " + to_string(x.host.strides()) + " to " + to_string(to));
        EXPECT_TRUE(same(x.device.to(to), x.host.to(to)));
      }
    }
  }
}

TEST(CopyParity, AnyStridesToAnyStrides) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    const Shape shape = random_shape(random, static_cast<int>(random.integer(0, 5)), 12);
    const DType from = kDTypes[random.integer(0, 6)];
    const DType to = random.coin() ? from : kDTypes[random.integer(0, 6)];
    const TensorPair source = random_view(random, random_broadcastable(random, shape), from, Elements::hazardous);
    const bool backwards = random.coin();
    const bool turned = random.coin() && shape.rank() > 0;
    Shape behind = shape;
    if (turned) std::swap(behind[0], behind[-1]);
    if (shape.rank() > 0) behind[-1] *= 3;
    const TensorPair memory = random_pair(random, behind, to, Elements::hazardous);
    const auto view = [&](Tensor x) {
      if (shape.rank() == 0) return x;
      const std::int64_t size = x.size(-1);
      x = backwards && size > 0 ? x.slice(-1, size - 1, -1, -3) : x.slice(-1, 0, size, 3);
      return turned ? x.swap_axes(0, -1) : x;
    };
    const Tensor host = view(memory.host);
    const Tensor device = view(memory.device);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + describe(source.host) + " strides " +
                 to_string(source.host.strides()) + " to " + describe(host) + " strides " + to_string(host.strides()));
    host.copy_from(source.host);
    device.copy_from(source.device);
    EXPECT_TRUE(same(memory.device, memory.host));  // including the gaps
  }
}

TEST(CopyParity, BytesOfEqualDTypesAreKept) {  // also in NaN
  const Tensor host = Tensor::empty({64}, DType::f32);
  for (std::int64_t i = 0; i < 64; ++i) {
    reinterpret_cast<std::uint32_t*>(host.data())[i] = 0x7f800001U + static_cast<std::uint32_t>(i * 0x20101);
  }
  const Tensor device = host.to(device_under_test());
  EXPECT_TRUE(identical(device.slice(0, 63, -1, -1).contiguous().to(cpu()), host.slice(0, 63, -1, -1).contiguous()));
}

TEST(CopyParity, EveryNumberOf16BitsConverts) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const Tensor every = Tensor::empty({1 << 16}, dtype);
    for (std::uint32_t bits = 0; bits < 1 << 16; ++bits) {
      static_cast<std::uint16_t*>(every.data())[bits] = static_cast<std::uint16_t>(bits);
    }
    const Tensor device = every.to(device_under_test());
    EXPECT_TRUE(same(device.to(DType::f32), every.to(DType::f32)));
    EXPECT_TRUE(same(device.to(DType::f32).to(dtype), every));
    const DType other = dtype == DType::f16 ? DType::bf16 : DType::f16;
    EXPECT_TRUE(same(device.to(other), every.to(other)));
  }
}

// Floats just below, at and just above the middle between two numbers of 16 bits, where rounding changes.
TEST(CopyParity, FloatsRoundTo16Bits) {
  for (const auto& [dtype, dropped_bits] : {std::pair{DType::f16, 13}, std::pair{DType::bf16, 16}}) {
    Random random(2);
    const Tensor x = Tensor::empty({30000}, DType::f32);
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      const auto upper = static_cast<std::uint32_t>(random.integer(0, (std::int64_t{1} << (32 - dropped_bits)) - 1));
      const std::uint32_t middle = (upper << dropped_bits) + (1U << (dropped_bits - 1));
      static_cast<std::uint32_t*>(x.data())[i] = middle + static_cast<std::uint32_t>(random.integer(0, 2)) - 1;
    }
    EXPECT_TRUE(same(x.to(device_under_test()).to(dtype), x.to(dtype)));
  }
}

TEST(CopyParity, FillsConvertTheirValue) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : kDTypes) {
    for (const double value : {0.0, -0.0, 1.0, -2.75, 1e30, -1e30, kNaN, 65519.0}) {
      SCOPED_TRACE(to_string(dtype) + " " + std::to_string(value));
      const auto filled = [&](Device device) {
        const Tensor memory = Tensor::full({5, 16}, 3.0, dtype, device);
        memory.slice(1, 1, 16, 2).fill(value);
        return memory;
      };
      EXPECT_TRUE(same(filled(device_under_test()), filled(cpu())));
      for (const Shape& shape : {Shape{}, Shape{0, 3}, Shape{7}, Shape{4, 64}}) {
        EXPECT_TRUE(same(Tensor::full(shape, value, dtype, device_under_test()), Tensor::full(shape, value, dtype)));
      }
    }
  }
}

TEST(CopyParity, ThereAndBackThroughViews) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Shape shape = random_shape(random, static_cast<int>(random.integer(1, 4)), 9);
    const TensorPair x = random_view(random, shape, DType::f32, Elements::ordinary);
    EXPECT_TRUE(identical(x.device.to(cpu()), x.host.contiguous()));
    EXPECT_TRUE(identical(x.host.to(device_under_test()).to(cpu()), x.host.contiguous()));
    const TensorPair target = random_pair(random, shape, DType::f16, Elements::ordinary);
    target.device.copy_from(x.host);  // moved and converted
    target.host.copy_from(x.host);
    EXPECT_TRUE(same(target.device, target.host));
  }
}

}  // namespace
}  // namespace rondo::test
