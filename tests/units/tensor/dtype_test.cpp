#include "rondo/vocabulary/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {
namespace {

using test::expect_error;

TEST(DType, NamesSizesAndKinds) {
  struct Row {
    DType dtype;
    const char* name;
    std::size_t bytes;
    bool floating;
  };
  for (const Row& row :
       {Row{DType::f64, "f64", 8, true}, Row{DType::f32, "f32", 4, true}, Row{DType::f16, "f16", 2, true},
        Row{DType::bf16, "bf16", 2, true}, Row{DType::i32, "i32", 4, false}, Row{DType::i64, "i64", 8, false},
        Row{DType::boolean, "bool", 1, false}, Row{DType::u8, "u8", 1, false}}) {
    EXPECT_EQ(to_string(row.dtype), row.name);
    EXPECT_EQ(size_of(row.dtype), row.bytes);
    EXPECT_EQ(is_floating(row.dtype), row.floating);
    EXPECT_EQ(dispatch_dtype(row.dtype, []<typename Element>(ElementTag<Element>) { return dtype_of<Element>; }),
              row.dtype);
  }
}

TEST(DType, NumbersThatAreNoDType) {
  const auto wrong = static_cast<DType>(99);
  expect_error<ValueError>([&] { size_of(wrong); }, "dtype: got 99, expected one of the DType values");
  expect_error<ValueError>([&] { to_string(wrong); }, "dtype: got 99, expected one of the DType values");
}

TEST(ConvertElement, FloatsTruncateToTheNearestIntegerThatThereIs) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ((convert_element<std::int32_t, double>(-2.9)), -2);
  EXPECT_EQ((convert_element<std::int32_t, double>(2147483647.5)), INT32_MAX);
  EXPECT_EQ((convert_element<std::int32_t, double>(2147483648.0)), INT32_MAX);
  EXPECT_EQ((convert_element<std::int32_t, double>(-2147483648.5)), INT32_MIN);
  EXPECT_EQ((convert_element<std::int32_t, double>(-infinity)), INT32_MIN);
  EXPECT_EQ((convert_element<std::int32_t, float>(2147483648.0F)), INT32_MAX);
  EXPECT_EQ((convert_element<std::int32_t, float>(2147483520.0F)), 2147483520);
  EXPECT_EQ((convert_element<std::int64_t, float>(-0x1p63F)), INT64_MIN);
  EXPECT_EQ((convert_element<std::int64_t, double>(infinity)), INT64_MAX);
  EXPECT_EQ((convert_element<std::int64_t, double>(0x1p62)), std::int64_t{1} << 62);
  EXPECT_EQ((convert_element<std::int64_t, double>(std::nan(""))), 0);
}

TEST(ConvertElement, AnythingButZeroIsTrue) {
  EXPECT_TRUE((convert_element<bool, double>(std::nan(""))));
  EXPECT_TRUE((convert_element<bool, double>(1e-300)));
  EXPECT_FALSE((convert_element<bool, double>(-0.0)));
  EXPECT_TRUE((convert_element<bool>(Float16(-0.5F))));
  EXPECT_EQ((convert_element<float, bool>(true)), 1.0F);
}

TEST(Device, NamesAndProperties) {
  EXPECT_EQ(to_string(cpu()), "cpu");
  EXPECT_EQ(to_string(cuda(3)), "cuda:3");
  EXPECT_EQ(properties_of(cpu()).device, cpu());
  EXPECT_GE(properties_of(cpu()).processors, 1);
  EXPECT_THROW(properties_of(cuda(99)), ValueError);
}

TEST(Error, AllAreOneFamily) {
  const auto family = [](const Error& error) { return std::string(error.what()); };
  EXPECT_EQ(family(ValueError("mask", "f32", "bool")), "mask: got f32, expected bool");
  EXPECT_EQ(family(TypeError("plain")), "plain");
  EXPECT_EQ(family(AttributeError("plain")), "plain");
  EXPECT_EQ(family(RuntimeError("plain")), "plain");
}

}  // namespace
}  // namespace rondo
