// The simulated device refuses the launches that CUDA refuses.

#include <gtest/gtest.h>

#include "cuda/device/launch.cuh"
#include "cuda/device/launch_room.cuh"
#include "rondo/vocabulary/error.h"
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
  device::prepare(empty_kernel<0>, {.shared_bytes = 100 * kKibibyte});  // another session prepares it
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

TEST(LaunchRoom, SaysWhatIsNeededAndWhatThereIs) {
  device::LaunchConfig config{.grid = {8}, .shared_bytes = 2000, .cluster_blocks = 4};
  EXPECT_EQ(device::why_no_room(config, {.shared_bytes = 2000, .clusters = 1}), "");
  EXPECT_EQ(device::why_no_room(config, {.shared_bytes = 1999, .clusters = 1}),
            "a block needs 2000 bytes of shared memory, and the device has 1999 for a block");
  EXPECT_EQ(device::why_no_room(config, {.shared_bytes = 2000}),
            "it needs a cluster of 4 blocks with 2000 bytes of shared memory each, and the device has room for none");
  config.cluster_blocks = 1;
  EXPECT_EQ(device::why_no_room(config, {.shared_bytes = 2000}), "") << "blocks may run one after another";
  config.cooperative = true;
  EXPECT_EQ(device::why_no_room(config, {.shared_bytes = 2000, .blocks = 8}), "");
  EXPECT_EQ(device::why_no_room(config, {.shared_bytes = 2000, .blocks = 7}),
            "its 8 blocks have to run at once, and the device has room for 7");
}

TEST(LaunchRoom, OnlyWhatHasRoomIsPrepared) {
  const device::LaunchConfig config{.grid = {16}, .shared_bytes = 100 * kKibibyte, .cooperative = true};
  {
    const simt::MostSharedBytes few(50 * kKibibyte);
    EXPECT_NE(device::prepare_if_room(empty_kernel<4>, config).find("has 51200 for a block"), std::string::npos);
  }
  EXPECT_THROW(device::launch(empty_kernel<4>, config), RuntimeError);
  EXPECT_EQ(device::prepare_if_room(empty_kernel<4>, config), "");
  device::launch(empty_kernel<4>, config);
  const simt::MostResidentBlocks fifteen(15);
  EXPECT_EQ(device::resident_blocks(empty_kernel<4>, config), 15);
  EXPECT_NE(device::prepare_if_room(empty_kernel<4>, config).find("room for 15"), std::string::npos);
  EXPECT_THROW(device::launch(empty_kernel<4>, config), RuntimeError);
  const simt::LargestCluster small(4);
  const device::LaunchConfig clusters{.grid = {8}, .cluster_blocks = 8};
  EXPECT_NE(device::prepare_if_room(empty_kernel<4>, clusters).find("cluster of 8 blocks"), std::string::npos);
  EXPECT_THROW(device::launch(empty_kernel<4>, clusters), RuntimeError);
}

}  // namespace
}  // namespace rondo::test
