// The number of clusters that a device runs at once, and its effect on the planner.

#include <gtest/gtest.h>

#include <set>

#include "device/persistent/planned.h"

namespace rondo::test {
namespace {

/// The candidate with clusters of 8 blocks and 8 rows for each team, and so one team for each 8 rows.
PersistentPlan eights(std::int64_t B, const DeviceProperties& properties) {
  for (const PersistentPlan& plan : persistent_plans(lstm(256, B), properties, PersistentKind::cluster)) {
    if (plan.shape.blocks == 8 && plan.shape.rows == 8 && !plan.shape.multiplies_inputs()) return plan;
  }
  return {};
}

/// 132 multiprocessors would give 16 clusters of 8, but a cluster has to lie within one GPC.
TEST(PersistentPlan, RoundsAreCountedByTheClustersThatFit) {
  const double step_ns = eights(15 * 8, h200()).step_ns;
  ASSERT_GT(step_ns, 0.0);
  EXPECT_EQ(eights(8, h200()).step_ns, step_ns) << "15 clusters run at once";
  EXPECT_EQ(eights(16 * 8, h200()).step_ns, 2 * step_ns);
  EXPECT_EQ(eights(30 * 8, h200()).step_ns, 2 * step_ns);
  EXPECT_EQ(eights(31 * 8, h200()).step_ns, 3 * step_ns);
  DeviceProperties roomier = h200();
  roomier.clusters.of_8 = 16;
  EXPECT_EQ(eights(16 * 8, roomier).step_ns, step_ns);
}

TEST(PersistentPlan, AShareRunsNoMoreClustersThanItHasRoomFor) {
  DeviceProperties share = h200();
  share.processors /= 2;
  EXPECT_EQ(share.clusters_at_once(8), 8);
  EXPECT_EQ(share.clusters_at_once(16), 4);
  EXPECT_EQ(share.clusters_at_once(3), 0);
  EXPECT_EQ(eights(8 * 8, share).step_ns, eights(8, share).step_ns);
  EXPECT_EQ(eights(9 * 8, share).step_ns, 2 * eights(8, share).step_ns);
}

TEST(PersistentPlan, ClustersThatNoDeviceRunsAreNotPlanned) {
  DeviceProperties properties = h200();
  properties.clusters.of_4 = 0;  // larger clusters keep their room
  std::set<int> sizes;
  for (const PersistentPlan& plan : persistent_plans(lstm(256, 8), properties, PersistentKind::cluster)) {
    sizes.insert(plan.shape.blocks);
  }
  EXPECT_EQ(sizes, (std::set<int>{8, 16}));
  properties.clusters = {.of_2 = 66};
  EXPECT_EQ(properties.clusters.most_blocks(), 2);
  EXPECT_TRUE(persistent_plans(lstm(256, 8), properties, PersistentKind::cluster).empty());
  EXPECT_FALSE(persistent_plans(lstm(64, 8), properties, PersistentKind::cluster).empty());
  EXPECT_EQ(a100().clusters.most_blocks(), 0);
}

}  // namespace
}  // namespace rondo::test
