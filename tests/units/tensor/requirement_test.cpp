#include "tensor/requirement.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_error;

const Tensor& two_by_three() {
  static const Tensor tensor = Tensor::zeros({2, 3}, DType::f32);
  return tensor;
}

TEST(Requirement, IsMet) {
  check_tensor(two_by_three(), {"x", {2, 3}, DType::f32, cpu()});
  check_tensor(two_by_three(), {"x", {2, 3}, DType::f32});
  check_tensor(two_by_three(), {.name = "x", .shape = {2, 3}, .device = cpu()});
  check_tensor(std::optional(two_by_three()), {"x", {2, 3}});
}

TEST(Requirement, NamesTheArgumentWhatCameAndWhatWasExpected) {
  const auto check = [](const Requirement& required) { check_tensor(two_by_three(), required); };
  expect_error<ValueError>(
      [&] {
        check({"x", {3, 2}, DType::f32, cpu()});
      },
      "x: got f32(2, 3) on cpu, expected f32(3, 2) on cpu");
  expect_error<ValueError>([&] { check({"x", {2, 3}, DType::f64}); }, "x: got f32(2, 3) on cpu, expected f64(2, 3)");
  expect_error<ValueError>(
      [&] {
        check({"x", {2, 3}, DType::f32, cuda(1)});
      },
      "x: got f32(2, 3) on cpu, expected f32(2, 3) on cuda:1");
  expect_error<ValueError>([&] { check({.name = "x", .shape = {2}, .device = cpu()}); },
                           "x: got f32(2, 3) on cpu, expected (2,) on cpu");
  expect_error<ValueError>([&] { check({.name = "x", .shape = {2}, .dtype = DType::i32, .reason = "to fit y"}); },
                           "x: got f32(2, 3) on cpu, expected i32(2,), to fit y");
}

TEST(Requirement, IsNotMetByNoTensor) {
  expect_error<ValueError>([] { check_tensor(Tensor(), {"x", {}}); }, "x: got an empty tensor, expected ()");
  expect_error<ValueError>(
      [] {
        check_tensor(std::optional<Tensor>(), {"x", {4}, DType::f32});
      },
      "x: got none, expected f32(4,)");
}

TEST(Presence, IsAsWanted) {
  check_presence("bias", std::nullopt, false);
  check_presence("bias", two_by_three(), true);
  expect_error<ValueError>([] { check_presence("bias", std::nullopt, true); }, "bias: got none, expected one");
  expect_error<ValueError>([] { check_presence("bias", two_by_three(), false, "as use_bias is false"); },
                           "bias: got f32(2, 3) on cpu, expected none, as use_bias is false");
}

}  // namespace
}  // namespace rondo
