#include <gtest/gtest.h>

#include <array>

#include "rondo/tensor/dlpack.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using dlpack::DLManagedTensor;
using dlpack::DLManagedTensorVersioned;

TEST(DLPackExport, DescribesAView) {
  const Tensor x = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {2, 3});
  DLManagedTensorVersioned* managed = to_dlpack(x.transpose({1, 0}));
  EXPECT_EQ(managed->version.major, 1U);
  EXPECT_EQ(managed->flags, 0U);
  const dlpack::DLTensor& exported = managed->dl_tensor;
  EXPECT_EQ(exported.data, x.data());
  EXPECT_EQ(exported.byte_offset, 0U);
  EXPECT_EQ(exported.device.device_type, 1);
  EXPECT_EQ(exported.device.device_id, 0);
  ASSERT_EQ(exported.ndim, 2);
  EXPECT_EQ(exported.shape[0], 3);
  EXPECT_EQ(exported.shape[1], 2);
  EXPECT_EQ(exported.strides[0], 1);
  EXPECT_EQ(exported.strides[1], 3);
  managed->deleter(managed);
}

TEST(DLPackExport, CodesOfEveryDType) {
  struct Row {
    DType dtype;
    int code;
    int bits;
  };
  for (const Row& row :
       {Row{DType::f64, 2, 64}, Row{DType::f32, 2, 32}, Row{DType::f16, 2, 16}, Row{DType::bf16, 4, 16},
        Row{DType::i32, 0, 32}, Row{DType::i64, 0, 64}, Row{DType::boolean, 6, 8}, Row{DType::u8, 1, 8}}) {
    DLManagedTensor* managed = to_dlpack_legacy(Tensor::zeros({1}, row.dtype));
    EXPECT_EQ(managed->dl_tensor.dtype.code, row.code) << to_string(row.dtype);
    EXPECT_EQ(managed->dl_tensor.dtype.bits, row.bits) << to_string(row.dtype);
    EXPECT_EQ(managed->dl_tensor.dtype.lanes, 1) << to_string(row.dtype);
    managed->deleter(managed);
  }
}

TEST(DLPackExport, KeepsTheStorageUntilItsDeleterRuns) {
  std::array<float, 2> memory{};
  int released = 0;
  Tensor x(std::make_shared<Storage>(memory.data(), sizeof memory, cpu(), [&] { ++released; }), DType::f32, {2}, {1});
  DLManagedTensorVersioned* managed = to_dlpack(x);
  DLManagedTensor* legacy = to_dlpack_legacy(x);
  x = Tensor();
  managed->deleter(managed);
  EXPECT_EQ(released, 0);
  legacy->deleter(legacy);
  EXPECT_EQ(released, 1);
}

TEST(DLPackExport, ReturnsAsItWas) {
  const Tensor x = Tensor::from<std::int64_t>({0, 1, 2, 3, 4, 5}, {2, 3}).slice(1, 2, -1, -2);
  for (const Tensor& back : {from_dlpack(to_dlpack(x)), from_dlpack(to_dlpack_legacy(x))}) {
    EXPECT_EQ(back.data(), x.data());
    EXPECT_EQ(back.strides(), (Strides{3, -2}));
    EXPECT_EQ(back.to_vector<std::int64_t>(), (std::vector<std::int64_t>{2, 0, 5, 3}));
    back.select(0, 0).select(0, 0).fill(9);
    EXPECT_EQ(x.to_vector<std::int64_t>()[0], 9);
    x.select(0, 0).select(0, 0).fill(2);
  }
}

TEST(DLPackExport, RankZeroAndEmpty) {
  EXPECT_EQ(from_dlpack(to_dlpack(Tensor::full({}, 4, DType::f32))).item(), 4);
  const Tensor none = Tensor::zeros({0, 3}, DType::f32).slice(1, 2, -1, -1);
  EXPECT_EQ(from_dlpack(to_dlpack(none)).shape(), (Shape{0, 3}));
}

TEST(DLPackExport, RefusesAnUndefinedTensor) {
  EXPECT_THROW(to_dlpack(Tensor()), ValueError);
  EXPECT_THROW(to_dlpack_legacy(Tensor()), ValueError);
}

}  // namespace
}  // namespace rondo
