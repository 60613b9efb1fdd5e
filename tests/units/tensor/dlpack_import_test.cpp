#include <gtest/gtest.h>

#include <array>

#include "rondo/tensor/dlpack.h"
#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_error;

// A foreign library's tensor of (2, 3) floats, which counts the calls of its deleter.
template <typename Managed>
struct Foreign {
  std::array<float, 8> memory{0, 1, 2, 3, 4, 5, 6, 7};
  std::array<std::int64_t, 2> shape{2, 3};
  std::array<std::int64_t, 2> strides{3, 1};
  int deleted = 0;
  Managed managed{};

  Foreign() {
    if constexpr (requires { managed.version; }) managed.version = dlpack::kVersion;
    managed.manager_ctx = this;
    managed.deleter = [](Managed* self) { ++static_cast<Foreign*>(self->manager_ctx)->deleted; };
    managed.dl_tensor = {.data = memory.data(),
                         .device = {1, 0},
                         .ndim = 2,
                         .dtype = {2, 32, 1},
                         .shape = shape.data(),
                         .strides = strides.data(),
                         .byte_offset = 0};
  }
};

template <typename Managed>
struct DLPackImport : testing::Test {
  Foreign<Managed> foreign;
  dlpack::DLTensor& source = foreign.managed.dl_tensor;

  void expect_refusal(const std::string& message) {
    expect_error<ValueError>([&] { from_dlpack(&foreign.managed); }, message);
    EXPECT_EQ(foreign.deleted, 1);
  }
};
using Versions = testing::Types<dlpack::DLManagedTensor, dlpack::DLManagedTensorVersioned>;
TYPED_TEST_SUITE(DLPackImport, Versions);

TYPED_TEST(DLPackImport, IsAViewAndDeletesOnceWithItsLastView) {
  {
    const Tensor x = from_dlpack(&this->foreign.managed);
    EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(x.data(), this->foreign.memory.data());
    const Tensor view = x.select(0, 1);
    view.fill(9);
    EXPECT_EQ(this->foreign.memory[4], 9);
    EXPECT_EQ(this->foreign.deleted, 0);
  }
  EXPECT_EQ(this->foreign.deleted, 1);
}

TYPED_TEST(DLPackImport, NullStridesAreRowMajor) {
  this->source.strides = nullptr;
  this->source.byte_offset = 2 * sizeof(float);
  const Tensor x = from_dlpack(&this->foreign.managed);
  EXPECT_TRUE(x.is_contiguous());
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{2, 3, 4, 5, 6, 7}));
}

TYPED_TEST(DLPackImport, NegativeAndZeroStrides) {
  this->foreign.strides = {0, -2};
  this->source.byte_offset = 4 * sizeof(float);
  const Tensor x = from_dlpack(&this->foreign.managed);
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{4, 2, 0, 4, 2, 0}));
}

TYPED_TEST(DLPackImport, RankZeroAndEmpty) {
  this->foreign.shape = {0, 3};
  this->source.data = nullptr;
  EXPECT_EQ(from_dlpack(&this->foreign.managed).shape(), (Shape{0, 3}));
  EXPECT_EQ(this->foreign.deleted, 1);
  Foreign<TypeParam> scalar;
  scalar.managed.dl_tensor.ndim = 0;
  scalar.managed.dl_tensor.shape = nullptr;
  scalar.managed.dl_tensor.strides = nullptr;
  EXPECT_EQ(from_dlpack(&scalar.managed).item(), 0);
}

TYPED_TEST(DLPackImport, PinnedHostMemoryIsTheHosts) {
  this->source.device = {3, 0};
  EXPECT_EQ(from_dlpack(&this->foreign.managed).device(), cpu());
}

TYPED_TEST(DLPackImport, ADeleterIsOptional) {
  this->foreign.managed.deleter = nullptr;
  EXPECT_EQ(from_dlpack(&this->foreign.managed).numel(), 6);
}

TYPED_TEST(DLPackImport, RefusesUnknownDTypes) {
  this->source.dtype = {1, 16, 1};
  this->expect_refusal(
      "dlpack dtype: got code 1, 16 bits, 1 lanes, expected one lane of f64, f32, f16, bf16, i32, i64, bool or u8");
}

TYPED_TEST(DLPackImport, RefusesNullData) {
  this->source.data = nullptr;
  this->expect_refusal("dlpack data: got null, expected the address of the first element");
}

TYPED_TEST(DLPackImport, RefusesAnAddressBetweenElements) {
  this->source.byte_offset = 2;
  this->expect_refusal("dlpack data: got an address 2 beyond a multiple of its elements, expected a multiple of 4");
}

TYPED_TEST(DLPackImport, RefusesStridesThatReachBeyondAllMemory) {
  this->foreign.strides[0] = std::int64_t{1} << 62;
  this->expect_refusal("dlpack strides: got (4611686018427387904, 1) of shape (2, 3), expected fewer than 2^63 bytes");
}

TYPED_TEST(DLPackImport, RefusesLanes) {
  this->source.dtype = {2, 32, 4};
  this->expect_refusal(
      "dlpack dtype: got code 2, 32 bits, 4 lanes, expected one lane of f64, f32, f16, bf16, i32, i64, bool or u8");
}

TYPED_TEST(DLPackImport, RefusesUnknownDevices) {
  this->source.device = {7, 0};
  this->expect_refusal("dlpack device: got type 7, expected 1 (cpu), 2 (cuda) or 3 (pinned host)");
}

TYPED_TEST(DLPackImport, RefusesTooManyOrFewAxes) {
  this->source.ndim = 9;
  this->expect_refusal("dlpack ndim: got 9, expected 0 to 8");
  this->source.ndim = -1;
  this->foreign.deleted = 0;
  this->expect_refusal("dlpack ndim: got -1, expected 0 to 8");
}

TYPED_TEST(DLPackImport, RefusesBadSizes) {
  this->foreign.shape = {2, -3};
  this->expect_refusal("shape: got (2, -3), expected no negative size");
  this->foreign.deleted = 0;
  this->source.shape = nullptr;
  this->expect_refusal("dlpack shape: got null, expected one size for each axis");
}

TYPED_TEST(DLPackImport, RefusesNull) {
  expect_error<ValueError>([] { from_dlpack(static_cast<TypeParam*>(nullptr)); },
                           "dlpack tensor: got null, expected a managed tensor");
}

TEST(DLPackImportVersion, AnotherMajorIsRefusedAndDeletedOnce) {
  Foreign<dlpack::DLManagedTensorVersioned> foreign;
  foreign.managed.version = {2, 0};
  foreign.managed.dl_tensor.shape = nullptr;  // must not be read
  expect_error<ValueError>([&] { from_dlpack(&foreign.managed); }, "dlpack version: got 2, expected 1");
  EXPECT_EQ(foreign.deleted, 1);
}

TEST(DLPackImportVersion, AnotherMinorAndReadOnlyAreTaken) {
  Foreign<dlpack::DLManagedTensorVersioned> foreign;
  foreign.managed.version = {1, 99};
  foreign.managed.flags = dlpack::kReadOnlyFlag;
  EXPECT_EQ(from_dlpack(&foreign.managed).numel(), 6);
}

}  // namespace
}  // namespace rondo
