// Tensors on a CUDA device: allocation of their memory, streams, and exchange through DLPack.

#include <gtest/gtest.h>

#include "cuda/runtime/runtime.h"
#include "rondo/ops/ops.h"
#include "rondo/tensor/dlpack.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

using dlpack::DLManagedTensorVersioned;

TEST(TensorParity, DevicesAreCountedAndDescribed) {
  const Device device = device_under_test();
  ASSERT_GT(cuda_device_count(), device.index);
  EXPECT_EQ(default_device(), cuda(0));
  const DeviceProperties properties = properties_of(device);
  EXPECT_EQ(properties.device, device);
  EXPECT_GE(properties.compute_capability, 70);
  EXPECT_GE(properties.processors, 1);
  EXPECT_FALSE(properties.name.empty());
  EXPECT_GT(properties.shared_bytes_per_block, 0U);
  EXPECT_GT(properties.memory_bytes, 0U);
  expect_words([] { (void)Tensor::empty({1}, DType::f32, cuda(1000)); }, {"device: got cuda:1000", "below cuda:"});
  expect_words([] { properties_of(cuda(-1)); }, {"device: got cuda:-1"});
}

TEST(TensorParity, ACallersAllocatorIsUsed) {
  class Forwarding final : public Allocator {
   public:
    explicit Forwarding(std::shared_ptr<Allocator> source) : source_(std::move(source)) {}
    Device device() const override { return source_->device(); }
    void* allocate(std::size_t bytes, Stream stream) override {
      ++allocations;
      return source_->allocate(bytes, stream);
    }
    void deallocate(void* pointer, std::size_t bytes, Stream stream) noexcept override {
      --allocations;
      source_->deallocate(pointer, bytes, stream);
    }
    int allocations = 0;

   private:
    std::shared_ptr<Allocator> source_;
  };
  const Device device = device_under_test();
  const auto allocator = std::make_shared<Forwarding>(default_allocator(device));
  set_default_allocator(device, allocator);
  {
    const Tensor tensor = Tensor::full({5}, 2.0, DType::f32, device);
    EXPECT_EQ(allocator->allocations, 1);
    set_default_allocator(device, nullptr);
    EXPECT_EQ(Tensor::zeros({1}, DType::f32, device).item(), 0.0);
    EXPECT_EQ(tensor.to_vector<float>(), std::vector<float>(5, 2.0F));
  }
  EXPECT_EQ(allocator->allocations, 0);
  expect_words([&] { set_default_allocator(cpu(), default_allocator(device)); }, {"allocator", to_string(device)});
}

TEST(TensorParity, StreamScopesNest) {
  const Device device = device_under_test();
  const cuda_runtime::OwnedStream first(device);
  const cuda_runtime::OwnedStream second(device);
  EXPECT_EQ(current_stream(device).native, nullptr);
  {
    const StreamScope outer(first.get());
    EXPECT_EQ(current_stream(device).native, first.get().native);
    {
      const StreamScope inner(second.get());
      EXPECT_EQ(current_stream(device).native, second.get().native);
    }
    EXPECT_EQ(current_stream(device).native, first.get().native);
  }
  EXPECT_EQ(current_stream(device).native, nullptr);
}

TEST(TensorParity, WorkOnOneStreamWaitsForAnother) {
  const Device device = device_under_test();
  const cuda_runtime::OwnedStream producer(device);
  const cuda_runtime::OwnedStream consumer(device);
  Tensor x;
  {
    const StreamScope scope(producer.get());
    x = Tensor::full({1000}, 1.0, DType::f32, device);
    for (int k = 0; k < 20; ++k) x = add(x, 1.0);
  }
  make_wait(consumer.get(), producer.get());
  const StreamScope scope(consumer.get());
  EXPECT_EQ(sum(x).item(), 21000.0);
  make_wait(producer.get(), consumer.get());
}

TEST(TensorParity, PrintsAndComparesAsOnTheCpu) {
  const Device device = device_under_test();
  const Tensor x = Tensor::from<float>({1, 2, 3, 4}, {2, 2}, device);
  EXPECT_EQ(to_string(x), "f32(2, 2) on " + to_string(device) + " [[1, 2],\n [3, 4]]");
  EXPECT_EQ(x.select(0, 1).slice(0, 1, 2).item(), 4.0);
  EXPECT_EQ(x.swap_axes(0, 1).to_vector<float>(), (std::vector<float>{1, 3, 2, 4}));
}

TEST(TensorParity, DLPackShowsTheSameDeviceMemory) {
  const Device device = device_under_test();
  const Tensor x = Tensor::from<float>({1, 2, 3, 4, 5, 6}, {2, 3}, device).swap_axes(0, 1);
  const cuda_runtime::OwnedStream other(device);
  DLManagedTensorVersioned* managed = to_dlpack(x, other.get());
  EXPECT_EQ(managed->dl_tensor.device.device_type, 2);
  EXPECT_EQ(managed->dl_tensor.device.device_id, device.index);
  EXPECT_EQ(managed->dl_tensor.data, x.data());
  const Tensor back = from_dlpack(managed, other.get());
  EXPECT_EQ(back.data(), x.data());
  EXPECT_EQ(back.device(), device);
  back.fill(7.0);
  EXPECT_EQ(x.to_vector<float>(), std::vector<float>(6, 7.0F));
}

TEST(TensorParity, DLPackRefusesATensorOfAnotherDevice) {
  const Device device = device_under_test();
  const Tensor host = Tensor::zeros({4}, DType::f32);
  DLManagedTensorVersioned* managed = to_dlpack(host);
  managed->dl_tensor.device = {2, device.index};
  expect_words([&] { from_dlpack(managed); }, {"dlpack data", "not on " + to_string(device)});
  const Tensor x = Tensor::zeros({4}, DType::f32, device);
  expect_words([&] { to_dlpack(x, Stream{}); }, {"consumer", "a stream of cpu", to_string(device)});
  expect_words([&] { from_dlpack(to_dlpack(x), Stream{}); }, {"producer", "a stream of cpu", to_string(device)});
}

TEST(TensorParity, CopiesCrossDevicesWithGapsAndConversions) {
  const Device device = device_under_test();
  Random random(5);
  const Tensor x = random.tensor({4, 6}, 3.0);
  const Tensor target = Tensor::zeros({6, 8}, DType::f16, device).slice(1, 2, 8, 2).slice(0, 0, 4).swap_axes(0, 1);
  const Tensor source = x.slice(1, 1, 4).swap_axes(0, 1);
  target.copy_from(source);
  EXPECT_TRUE(identical(target.to(cpu()), source.to(DType::f16).contiguous()));
  const Tensor host = Tensor::zeros({3, 4, 2}, DType::f64);
  host.select(2, 1).copy_from(target);
  EXPECT_TRUE(identical(host.select(2, 1).contiguous(), source.to(DType::f16).to(DType::f64).contiguous()));
  EXPECT_EQ(largest_magnitude(host.select(2, 0)), 0.0);
}

}  // namespace
}  // namespace rondo::test
