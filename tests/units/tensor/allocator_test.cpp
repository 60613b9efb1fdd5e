#include "rondo/tensor/allocator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>

#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_error;

// Forwards requests, and counts outstanding bytes, requests, and frees with the right sizes.
class CountingAllocator final : public Allocator {
 public:
  explicit CountingAllocator(std::shared_ptr<Allocator> behind) : behind_(std::move(behind)) {}

  Device device() const override { return behind_->device(); }

  void* allocate(std::size_t bytes, Stream stream) override {
    void* pointer = behind_->allocate(bytes, stream);
    out_[pointer] = bytes;
    ++requests_;
    return pointer;
  }

  void deallocate(void* pointer, std::size_t bytes, Stream stream) noexcept override {
    const auto entry = out_.find(pointer);
    if (entry == out_.end() || entry->second != bytes) ++mistakes_;
    if (entry != out_.end()) out_.erase(entry);
    behind_->deallocate(pointer, bytes, stream);
  }

  std::size_t out() const { return out_.size(); }
  int requests() const { return requests_; }
  int mistakes() const { return mistakes_; }

 private:
  std::shared_ptr<Allocator> behind_;
  std::map<void*, std::size_t> out_;
  int requests_ = 0;
  int mistakes_ = 0;
};

struct AllocatorTest : testing::Test {
  void SetUp() override { set_default_allocator(cpu(), counting); }
  void TearDown() override { set_default_allocator(cpu(), nullptr); }

  std::shared_ptr<CountingAllocator> counting = std::make_shared<CountingAllocator>(default_allocator(cpu()));
};

TEST_F(AllocatorTest, EveryTensorAsksOnceAndGivesBack) {
  {
    const Tensor x = Tensor::zeros({2, 3}, DType::f32);
    EXPECT_EQ(counting->requests(), 1);
    EXPECT_EQ(counting->out(), 1U);
    const Tensor view = x.slice(1, 0, 2).transpose({1, 0}).insert_axis(0).broadcast_to({4, 2, 2});
    EXPECT_EQ(counting->requests(), 1) << "views ask for nothing";
    const Tensor copy = x.clone();
    EXPECT_EQ(counting->out(), 2U);
  }
  EXPECT_EQ(counting->out(), 0U);
  EXPECT_EQ(counting->mistakes(), 0);
}

TEST_F(AllocatorTest, OpsGiveBackWhatTheyAskFor) {
  {
    const Tensor x = Tensor::zeros({2, 3}, DType::bf16);
    (void)softmax(tanh(add(x, x)));
    (void)dot(x, transpose(x, {1, 0}));
    (void)sum(concat(split(x, 3)), {0});
    EXPECT_THROW((void)dot(x, x), ValueError);
    EXPECT_THROW((void)max(x.slice(0, 0, 0)), ValueError);
  }
  EXPECT_GT(counting->requests(), 7);
  EXPECT_EQ(counting->out(), 0U);
  EXPECT_EQ(counting->mistakes(), 0);
}

TEST_F(AllocatorTest, TensorsKeepTheirAllocatorAlive) {
  Tensor x = Tensor::zeros({2}, DType::f32);
  const std::weak_ptr<CountingAllocator> watched = counting;
  set_default_allocator(cpu(), nullptr);
  counting.reset();
  EXPECT_FALSE(watched.expired());
  x = Tensor();
  EXPECT_TRUE(watched.expired());
}

TEST(Allocator, MemoryIsAlignedAndNeverNull) {
  const auto allocator = default_allocator(cpu());
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{1000}}) {
    void* pointer = allocator->allocate(bytes, Stream{cpu()});
    EXPECT_NE(pointer, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % Allocator::kAlignment, 0U);
    allocator->deallocate(pointer, bytes, Stream{cpu()});
  }
}

TEST(Allocator, BelongsToOneDevice) {
  class Elsewhere final : public Allocator {
   public:
    Device device() const override { return cuda(99); }
    void* allocate(std::size_t, Stream) override { return nullptr; }
    void deallocate(void*, std::size_t, Stream) noexcept override {}
  };
  expect_error<ValueError>([] { set_default_allocator(cpu(), std::make_shared<Elsewhere>()); },
                           "allocator: got one of cuda:99, expected one of cpu");
  EXPECT_THROW(default_allocator(cuda(99)), ValueError);
}

}  // namespace
}  // namespace rondo
