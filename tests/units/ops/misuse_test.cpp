// Every wrong argument gets a ValueError that names the argument, its value and what was expected.

#include <functional>
#include <limits>

#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"
#include "units/ops/ops_testing.h"

namespace rondo {
namespace {

using test::expect_error;

const Tensor kFloats23 = Tensor::zeros({2, 3}, DType::f32);
const Tensor kDoubles23 = Tensor::zeros({2, 3}, DType::f64);
const Tensor kFloats4 = Tensor::zeros({4}, DType::f32);
const Tensor kIntegers4 = Tensor::zeros({4}, DType::i32);
const Tensor kBooleans4 = Tensor::zeros({4}, DType::boolean);
const Tensor kUndefined;

TEST(Misuse, DTypesThatDisagree) {
  const std::string message = " got f64(2, 3) on cpu, expected the dtype of a, f32(2, 3) on cpu";
  expect_error<ValueError>([] { (void)add(kFloats23, kDoubles23); }, "b of add:" + message);
  expect_error<ValueError>([] { (void)sub(kFloats23, kDoubles23); }, "b of sub:" + message);
  expect_error<ValueError>([] { (void)mul(kFloats23, kDoubles23); }, "b of mul:" + message);
  expect_error<ValueError>([] { (void)div(kFloats23, kDoubles23); }, "b of div:" + message);
  expect_error<ValueError>(
      [] {
        (void)dot(kFloats23, kDoubles23.transpose({1, 0}));
      },
      "b of dot: got f64(3, 2) on cpu, expected the dtype of a, f32(2, 3) on cpu");
  expect_error<ValueError>([] { (void)where(kBooleans4, kFloats4, kIntegers4); },
                           "if_false of where: got i32(4,) on cpu, expected the dtype of if_true, f32(4,) on cpu");
  expect_error<ValueError>(
      [] {
        (void)concat({kFloats4, kIntegers4}, 0);
      },
      "parts[1] of concat: got i32(4,) on cpu, expected the dtype of parts[0], f32(4,) on cpu");
}

TEST(Misuse, DTypesThatAnOperationDoesNotTake) {
  const std::string integers = "got i32(4,) on cpu, expected f64, f32, f16 or bf16 elements";
  expect_error<ValueError>([] { (void)div(kIntegers4, kIntegers4); }, "a of div: " + integers);
  expect_error<ValueError>([] { (void)tanh(kIntegers4); }, "x of tanh: " + integers);
  expect_error<ValueError>([] { (void)sigmoid(kIntegers4); }, "x of sigmoid: " + integers);
  expect_error<ValueError>([] { (void)hard_sigmoid(kIntegers4); }, "x of hard_sigmoid: " + integers);
  expect_error<ValueError>([] { (void)hard_sigmoid_keras3(kIntegers4); }, "x of hard_sigmoid_keras3: " + integers);
  expect_error<ValueError>([] { (void)exp(kIntegers4); }, "x of exp: " + integers);
  expect_error<ValueError>([] { (void)softmax(kIntegers4); }, "x of softmax: " + integers);
  expect_error<ValueError>([] { (void)mean(kIntegers4); }, "x of mean: " + integers);
  expect_error<ValueError>([] { (void)dot(kIntegers4, kIntegers4); }, "a of dot: " + integers);
  expect_error<ValueError>([] { (void)where(kIntegers4, kFloats4, kFloats4); },
                           "condition of where: got i32(4,) on cpu, expected bool elements");
  expect_error<ValueError>([] { (void)sequence_mask(kFloats4, 3); },
                           "lengths of sequence_mask: got f32(4,) on cpu, expected a vector of i32 or i64");
}

TEST(Misuse, BooleansAreNoNumbers) {
  const std::string booleans = "got bool(4,) on cpu, expected elements that are numbers";
  expect_error<ValueError>([] { (void)add(kBooleans4, kBooleans4); }, "a of add: " + booleans);
  expect_error<ValueError>([] { (void)add(kBooleans4, 1.0); }, "a of add: " + booleans);
  expect_error<ValueError>([] { (void)mul(kBooleans4, 1.0); }, "a of mul: " + booleans);
  expect_error<ValueError>([] { (void)neg(kBooleans4); }, "x of neg: " + booleans);
  expect_error<ValueError>([] { (void)relu(kBooleans4); }, "x of relu: " + booleans);
  expect_error<ValueError>([] { (void)clip(kBooleans4, 0, 1); }, "x of clip: " + booleans);
  expect_error<ValueError>([] { (void)sum(kBooleans4); }, "x of sum: " + booleans);
  expect_error<ValueError>([] { (void)max(kBooleans4); }, "x of max: " + booleans);
}

TEST(Misuse, ShapesThatDoNotFit) {
  expect_error<ValueError>([] { (void)add(kFloats23, kFloats4); },
                           "shapes: got (2, 3) and (4,), expected sizes that are equal or 1 on every axis");
  expect_error<ValueError>([] { (void)matmul(kFloats23, kFloats23); },
                           "b of matmul: got f32(2, 3) on cpu, expected size 3 on axis -2, the last size of a, "
                           "f32(2, 3) on cpu");
  expect_error<ValueError>([] { (void)dot(kFloats23, kFloats4); },
                           "b of dot: got f32(4,) on cpu, expected size 3 on axis -1, the last size of a, "
                           "f32(2, 3) on cpu");
  expect_error<ValueError>([] { (void)matmul(kFloats4, kFloats23); },
                           "a of matmul: got f32(4,) on cpu, expected a rank of at least 2");
  expect_error<ValueError>([] { (void)dot(kFloats4, Tensor::zeros({}, DType::f32)); },
                           "b of dot: got f32() on cpu, expected a rank of at least 1");
  const Tensor batches = Tensor::zeros({2, 3, 3}, DType::f32);
  EXPECT_THROW(matmul(batches, Tensor::zeros({5, 3, 3}, DType::f32)), ValueError);
  expect_error<ValueError>(
      [] {
        (void)concat({kFloats23, kFloats4}, 0);
      },
      "parts[1] of concat: got f32(4,) on cpu, expected the sizes of parts[0], f32(2, 3) on "
      "cpu, but on axis 0");
  EXPECT_THROW(concat({kFloats23, Tensor::zeros({2, 4}, DType::f32)}, 0), ValueError);
  expect_error<ValueError>([] { (void)concat({}); }, "parts of concat: got none, expected at least one tensor");
  EXPECT_THROW(sequence_mask(Tensor::zeros({2, 2}, DType::i32), 3), ValueError);
  expect_error<ValueError>([] { (void)sequence_mask(kIntegers4, -1); },
                           "T of sequence_mask: got -1, expected 0 or more");
}

TEST(Misuse, Axes) {
  expect_error<ValueError>([] { (void)softmax(kFloats4, 1); },
                           "axis of softmax: got 1, expected an axis of f32(4,) on cpu");
  EXPECT_THROW(softmax(Tensor::zeros({}, DType::f32)), ValueError);
  expect_error<ValueError>([] { (void)sum(kFloats23, {2}); },
                           "axis of sum: got 2, expected an axis of f32(2, 3) on cpu");
  expect_error<ValueError>(
      [] {
        (void)mean(kFloats23, {1, -1});
      },
      "axes of mean: got axis -1 twice, expected each axis of f32(2, 3) on cpu at most once");
  EXPECT_THROW(max(kFloats23, {-3}), ValueError);
  EXPECT_THROW(concat({kFloats4}, 1), ValueError);
  EXPECT_THROW(split(kFloats4, 2, 1), ValueError);
}

TEST(Misuse, MaximumOfNothing) {
  expect_error<ValueError>(
      [] {
        (void)max(Tensor::zeros({0, 3}, DType::f32), {0});
      },
      "x of max: got f32(0, 3) on cpu, expected an element to be the maximum");
  EXPECT_THROW(max(Tensor::zeros({0}, DType::i32)), ValueError);
}

TEST(Misuse, Splits) {
  expect_error<ValueError>([] { (void)split(kFloats4, 3); },
                           "parts of split: got 3, expected a divisor of the size of axis -1 of f32(4,) on cpu");
  EXPECT_THROW(split(kFloats4, 0), ValueError);
  EXPECT_THROW(split(kFloats4, -2), ValueError);
  const std::vector<std::int64_t> few{1, 2};
  const std::vector<std::int64_t> many{3, 2};
  const std::vector<std::int64_t> negative{5, -1};
  expect_error<ValueError>([&] { (void)split(kFloats4, few); },
                           "sizes of split: got a sum of 3, expected sizes that add up to axis -1 of f32(4,) on cpu");
  expect_error<ValueError>([&] { (void)split(kFloats4, many); },
                           "sizes of split: got 2 at 3, expected sizes that add up to axis -1 of f32(4,) on cpu");
  EXPECT_THROW(split(kFloats4, negative), ValueError);
}

TEST(Misuse, Numbers) {
  expect_error<ValueError>([] { (void)add(kIntegers4, 0.5); },
                           "b of add: got 0.500000, expected an integer for a, i32(4,) on cpu");
  EXPECT_THROW(mul(kIntegers4, 1e10), ValueError);
  EXPECT_THROW(mul(kIntegers4, std::numeric_limits<double>::quiet_NaN()), ValueError);
  expect_error<ValueError>([] { (void)clip(kFloats4, 2, 1); },
                           "low and high of clip: got 2.000000 and 1.000000, expected low <= high");
  EXPECT_THROW(clip(kFloats4, std::numeric_limits<double>::quiet_NaN(), 1), ValueError);
  EXPECT_THROW(clip(kIntegers4, 0.2, 0.8), ValueError);
}

// A tensor that claims another device. The checks compare devices only, so no GPU is needed.
Tensor elsewhere() {
  static float memory[4];
  return {std::make_shared<Storage>(memory, sizeof memory, cuda(99), nullptr), DType::f32, {4}, {1}};
}

TEST(Misuse, Devices) {
  expect_error<ValueError>([] { (void)add(kFloats4, elsewhere()); },
                           "b of add: got f32(4,) on cuda:99, expected the device of a, f32(4,) on cpu");
  EXPECT_THROW(where(kBooleans4, elsewhere(), elsewhere()), ValueError);
  EXPECT_THROW(concat({kFloats4, elsewhere()}), ValueError);
  EXPECT_THROW(dot(elsewhere(), kFloats4), ValueError);
  for (const auto& call : std::vector<std::function<void()>>{
           [] { (void)tanh(elsewhere()); }, [] { (void)add(elsewhere(), elsewhere()); }, [] { (void)sum(elsewhere()); },
           [] { (void)softmax(elsewhere()); }, [] { (void)dot(elsewhere(), elsewhere()); },
           [] { (void)zeros_like(elsewhere()); }}) {
    EXPECT_THROW(call(), ValueError);
  }
}

TEST(Misuse, UndefinedTensors) {
  expect_error<ValueError>([] { (void)tanh(kUndefined); },
                           "x of tanh: got an empty tensor, expected one with elements");
  expect_error<ValueError>([] { (void)add(kFloats4, kUndefined); },
                           "b of add: got an empty tensor, expected one with elements");
  for (const auto& call : std::vector<std::function<void()>>{
           [] { (void)add(kUndefined, 1.0); }, [] { (void)clip(kUndefined, 0, 1); }, [] { (void)softmax(kUndefined); },
           [] { (void)where(kUndefined, kFloats4, kFloats4); }, [] { (void)dot(kFloats4, kUndefined); },
           [] { (void)matmul(kUndefined, kFloats23); }, [] { (void)sum(kUndefined); }, [] { (void)mean(kUndefined); },
           [] { (void)max(kUndefined); }, [] { (void)concat({kUndefined}); },
           [] {
             (void)concat({kFloats4, kUndefined});
           },
           [] { (void)split(kUndefined, 1); }, [] { (void)reshape(kUndefined, {1}); },
           [] { (void)transpose(kUndefined, {}); }, [] { (void)zeros_like(kUndefined); },
           [] { (void)sequence_mask(kUndefined, 1); }}) {
    EXPECT_THROW(call(), ValueError);
  }
}

}  // namespace
}  // namespace rondo
