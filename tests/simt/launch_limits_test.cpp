// What CUDA refuses when a kernel is launched is refused here, too.

#include <gtest/gtest.h>

#include "cuda/device/launch.cuh"
#include "rondo/error.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

constexpr std::size_t kKibibyte = 1024;

template <int>
void empty_kernel() {}

TEST(LaunchLimits, MoreSharedMemoryThanUsualMustBePrepared) {
  device::LaunchConfig config{.shared_bytes = 48 * kKibibyte};
  device::launch(empty_kernel<0>, config);
  config.shared_bytes = 227 * kKibibyte;
  expect_words<RuntimeError>([&] { device::launch(empty_kernel<0>, config); }, {"shared memory", "232448", "49152"});
  device::prepare(empty_kernel<0>, config);
  device::launch(empty_kernel<0>, config);
  expect_words<RuntimeError>([&] { device::launch(empty_kernel<1>, config); }, {"shared memory", "232448", "49152"});
  device::prepare(empty_kernel<0>, {.shared_bytes = 100 * kKibibyte});  // by another session
  device::launch(empty_kernel<0>, config);
  ++config.shared_bytes;
  expect_words<RuntimeError>([&] { device::prepare(empty_kernel<0>, config); }, {"shared memory", "232449", "232448"});
}

TEST(LaunchLimits, LargeClustersMustBePrepared) {
  device::launch(empty_kernel<2>, {.grid = {8}, .cluster_blocks = 8});
  const device::LaunchConfig large{.grid = {16}, .cluster_blocks = 16};
  expect_words<RuntimeError>([&] { device::launch(empty_kernel<2>, large); }, {"blocks of a cluster", "16", "8"});
  device::prepare(empty_kernel<2>, large);
  device::launch(empty_kernel<2>, large);
}

TEST(LaunchLimits, ACooperativeGridIsResident) {
  EXPECT_EQ(device::resident_clusters(empty_kernel<3>, {.cluster_blocks = 16}), 1);
  EXPECT_EQ(device::resident_clusters(empty_kernel<3>, {.cluster_blocks = 4}), 4);
  EXPECT_EQ(device::resident_clusters(empty_kernel<3>, {.shared_bytes = 228 * kKibibyte}), 0);
  EXPECT_EQ(device::resident_clusters(empty_kernel<3>, {.cluster_blocks = 32}), 0);
  device::launch(empty_kernel<3>, {.grid = {8, 2}, .cooperative = true});
  device::launch(empty_kernel<3>, {.grid = {17}});
  expect_words<RuntimeError>([] { device::launch(empty_kernel<3>, {.grid = {17}, .cooperative = true}); },
                             {"blocks of a cooperative grid", "17", "16"});
}

}  // namespace
}  // namespace rondo::test
