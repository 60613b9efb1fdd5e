// The bench of rondo_micro on the simulated device, whose times mean nothing.

#include "micro/workbench.h"

#include <gtest/gtest.h>

#include "cuda/runtime/runtime.h"
#include "micro/record.h"

namespace rondo::bench {
namespace {

class WorkbenchTest : public ::testing::Test {
 protected:
  /// Work whose time is that of the host.
  void work(unsigned rounds) {
    for (unsigned round = 0; round < rounds; ++round) cuda_runtime::fill_zeros(memory_.data(), kBytes, bench_.stream());
  }

  static constexpr std::size_t kBytes = std::size_t{16} << 10;
  static constexpr RoundOptions kOptions{.repeats = 3, .milliseconds = 0.1};
  DeviceProperties device_ = properties_of(cuda(0));
  MicroRecord record_{{"abc1234", device_, 1.0, kOptions}, {}};
  Workbench bench_{device_, kOptions, record_};
  Tensor memory_ = bench_.zero_bytes(kBytes);
  MicroCase what_{.group = "group", .variant = "variant", .parameters = {}};
};

TEST_F(WorkbenchTest, RecordsATime) {
  bench_.measure(what_, [&](unsigned rounds) { work(rounds); });
  EXPECT_EQ(record_.failures(), 0);
  EXPECT_GT(record_.json()["measurements"].at(0)["ns"]["median"], 0.0);
}

TEST_F(WorkbenchTest, AKernelThatGaveUpIsAFailureAndTheNextOneIsMeasured) {
  const Tensor flag = Tensor::borrow_device(bench_.gave_up(), {1}, DType::i32, device_.device);
  bench_.measure(what_, [&](unsigned) { flag.fill(1); });
  EXPECT_EQ(record_.json()["failures"].at(0)["message"], "a thread gave up waiting for another one");
  EXPECT_TRUE(record_.json()["measurements"].empty());
  bench_.measure(what_, [&](unsigned rounds) { work(rounds); });
  EXPECT_EQ(record_.failures(), 1);
  EXPECT_EQ(record_.json()["measurements"].size(), 1U);
}

TEST_F(WorkbenchTest, NothingIsMeasuredAfterItsTime) {
  Workbench bench(device_, kOptions, record_, {.seconds = 1e-9});
  bench.measure(what_, [&](unsigned) { ADD_FAILURE() << "launched"; });
  EXPECT_EQ(record_.json()["skipped"].at(0)["reason"], "no time was left");
  EXPECT_EQ(record_.failures(), 0);
  EXPECT_FALSE(bench.few_sizes());
  EXPECT_TRUE(Workbench(device_, kOptions, record_, {.few_sizes = true}).few_sizes());
}

TEST_F(WorkbenchTest, NoTwoBlocksShareAMultiprocessor) {
  const device::LaunchConfig config = bench_.layout(7);
  EXPECT_EQ(config.grid.x, 7U);
  EXPECT_EQ(config.block.x, kMicroThreads);
  EXPECT_GT(2 * config.shared_bytes, std::size_t{228} << 10);
  EXPECT_EQ(bench_.layout(7, device_.shared_bytes_per_block).shared_bytes, device_.shared_bytes_per_block);
}

TEST_F(WorkbenchTest, DataAreRandom) {
  const std::vector<float> numbers = bench_.random_bytes(64).to_vector<float>();
  EXPECT_EQ(numbers.size(), 16U);
  EXPECT_NE(numbers[0], numbers[1]);
  EXPECT_NE(numbers, bench_.random_bytes(64).to_vector<float>());
  EXPECT_EQ(bench_.random_bytes(64, DType::bf16).numel(), 32);
}

}  // namespace
}  // namespace rondo::bench
