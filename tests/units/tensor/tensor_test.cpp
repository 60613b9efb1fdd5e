#include "rondo/tensor/tensor.h"

#include <gtest/gtest.h>

#include <array>

#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_error;

std::shared_ptr<Storage> storage_of(std::span<float> memory) {
  return std::make_shared<Storage>(memory.data(), memory.size_bytes(), cpu(), nullptr);
}

TEST(Tensor, MadeOfElements) {
  const Tensor x = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {2, 3});
  EXPECT_TRUE(x.defined());
  EXPECT_EQ(x.dtype(), DType::f32);
  EXPECT_EQ(x.device(), cpu());
  EXPECT_EQ(x.rank(), 2);
  EXPECT_EQ(x.size(-1), 3);
  EXPECT_EQ(x.stride(0), 3);
  EXPECT_EQ(x.numel(), 6);
  EXPECT_TRUE(x.is_contiguous());
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(Tensor::from<bool>({true, false}, {2}).to_vector<bool>(), (std::vector<bool>{true, false}));
  expect_error<ValueError>([] { (void)Tensor::from<float>({0, 1}, {3}); }, "elements: got 2, expected 3 for (3,)");
}

TEST(Tensor, FilledInEveryDType) {
  for (const DType dtype :
       {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i32, DType::i64, DType::boolean, DType::u8}) {
    EXPECT_EQ(Tensor::full({2, 2}, 1, dtype).to(DType::f64).to_vector<double>(), (std::vector<double>{1, 1, 1, 1}));
    EXPECT_EQ(Tensor::zeros({2}, dtype).to(DType::f64).to_vector<double>(), (std::vector<double>{0, 0}));
    EXPECT_EQ(Tensor::empty({0, 4}, dtype).numel(), 0);
  }
  expect_error<ValueError>(
      [] {
        (void)Tensor::empty({2, -1}, DType::f32);
      },
      "shape: got (2, -1), expected no negative size");
  EXPECT_THROW(Tensor::empty({std::int64_t{1} << 62}, DType::boolean), ValueError);
  EXPECT_THROW(Tensor::empty({std::int64_t{1} << 60}, DType::f64), ValueError);
  EXPECT_THROW(Tensor::empty({2}, DType::f32, cuda(99)), ValueError);
}

TEST(Tensor, CopiesShareElementsAndClonesDoNot) {
  const Tensor x = Tensor::zeros({2}, DType::f32);
  const Tensor same = x;
  const Tensor other = x.clone();
  x.fill(3);
  EXPECT_EQ(same.to_vector<float>(), (std::vector<float>{3, 3}));
  EXPECT_EQ(other.to_vector<float>(), (std::vector<float>{0, 0}));
}

TEST(Tensor, BorrowsMemory) {
  std::array<float, 3> memory{1, 2, 3};
  const Tensor x = Tensor::borrow(std::span<float>(memory), {3});
  x.select(0, 1).fill(9);
  EXPECT_EQ(memory[1], 9);
  EXPECT_EQ(x.data(), memory.data());
  EXPECT_THROW(Tensor::borrow(std::span<float>(memory), {2}), ValueError);
}

TEST(Tensor, LooksAtStorageFromAnOffset) {
  std::array<float, 6> memory{0, 1, 2, 3, 4, 5};
  const auto storage = storage_of(memory);
  EXPECT_EQ(Tensor(storage, DType::f32, {2, 2}, {2, 1}, 2).to_vector<float>(), (std::vector<float>{2, 3, 4, 5}));
  EXPECT_EQ(Tensor(storage, DType::f32, {3}, {-2}, 5).to_vector<float>(), (std::vector<float>{5, 3, 1}));
  EXPECT_EQ(Tensor(storage, DType::f32, {3}, {0}, 4).to_vector<float>(), (std::vector<float>{4, 4, 4}));
  EXPECT_EQ(Tensor(storage, DType::f32, {0}, {1}, 6).numel(), 0);
  EXPECT_EQ(Tensor(storage, DType::f32, {0, 3}, {3, -1}).numel(), 0);
}

TEST(Tensor, RefusesViewsThatLeaveTheStorage) {
  std::array<float, 6> memory{};
  const auto storage = storage_of(memory);
  expect_error<ValueError>(
      [&] {
        Tensor(storage, DType::f32, {2, 3}, {3, 1}, 1);
      },
      "view: got (2, 3) with strides (3, 1), expected one inside a storage of 6 elements");
  EXPECT_THROW(Tensor(storage, DType::f64, {6}, {1}), ValueError);
  EXPECT_THROW(Tensor(storage, DType::f32, {3}, {-2}, 3), ValueError);
  EXPECT_THROW(Tensor(storage, DType::f32, {1}, {1}, -1), ValueError);
  EXPECT_THROW(Tensor(storage, DType::f32, {0}, {1}, 7), ValueError);
  EXPECT_THROW(Tensor(storage, DType::f32, {2, 3}, {1}), ValueError);
  EXPECT_THROW(Tensor(storage, DType::f32, {-1}, {1}), ValueError);
  expect_error<ValueError>([] { Tensor(nullptr, DType::f32, {1}, {1}); },
                           "storage: got null, expected memory to look at");
}

TEST(Tensor, StorageIsReleasedOnceWithItsLastView) {
  std::array<float, 2> memory{};
  int released = 0;
  Tensor view;
  {
    const Tensor x(std::make_shared<Storage>(memory.data(), sizeof memory, cpu(), [&] { ++released; }), DType::f32, {2},
                   {1});
    view = x.select(0, 0);
  }
  EXPECT_EQ(released, 0);
  view = Tensor();
  EXPECT_EQ(released, 1);
}

TEST(Tensor, DataIsTyped) {
  const Tensor x = Tensor::zeros({1}, DType::f32);
  EXPECT_EQ(x.data<float>(), x.data());
  expect_error<TypeError>([&] { x.data<double>(); }, "data: got a request for f64, expected f32 elements");
  EXPECT_THROW(x.to_vector<std::int32_t>(), TypeError);
}

TEST(Tensor, Item) {
  EXPECT_EQ(Tensor::full({}, 2.5, DType::f16).item(), 2.5);
  EXPECT_EQ(Tensor::full({1, 1}, 1, DType::boolean).item(), 1.0);
  expect_error<ValueError>([] { Tensor::zeros({2}, DType::f32).item(); },
                           "tensor: got f32(2,) on cpu, expected exactly one element");
}

TEST(Tensor, UndefinedOnesThrow) {
  const Tensor undefined;
  EXPECT_FALSE(undefined.defined());
  EXPECT_EQ(describe(undefined), "an empty tensor");
  expect_error<ValueError>([&] { (void)undefined.device(); }, "tensor: got an empty one, expected one with elements");
  EXPECT_THROW(undefined.data<float>(), ValueError);
  EXPECT_THROW((void)undefined.insert_axis(0), ValueError);
  EXPECT_THROW((void)undefined.reshape({1}), ValueError);
  EXPECT_THROW((void)undefined.transpose({}), ValueError);
  EXPECT_THROW((void)undefined.broadcast_to({2}), ValueError);
  EXPECT_THROW((void)undefined.clone(), ValueError);
  EXPECT_THROW((void)undefined.to(DType::f64), ValueError);
  EXPECT_THROW(undefined.fill(0), ValueError);
  EXPECT_THROW((void)undefined.item(), ValueError);
  EXPECT_THROW(Tensor::zeros({1}, DType::f32).copy_from(undefined), ValueError);
}

}  // namespace
}  // namespace rondo
