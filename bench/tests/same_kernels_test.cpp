// Resets, packed batches and runs that keep a reserve have the kernels of plain runs: the planner decides as without
// them.

#include <gtest/gtest.h>

#include "device/persistent/planned.h"
#include "program/point.h"

namespace rondo::bench {
namespace {

/// Expects the same choice for two specs on GPUs of three sizes.
void expect_same_kernel(const RecurrenceSpec& spec, const RecurrenceSpec& other) {
  for (const DeviceProperties& device : {test::h200(), test::a100(), test::slice()}) {
    EXPECT_EQ(test::chosen(spec, device), test::chosen(other, device)) << to_string(spec) << ", " << device.name;
  }
}

TEST(SameKernels, OfTheQuickSetWithResetsAndPacked) {
  const std::vector<Point> points = load_points(RONDO_BENCH_POINTS, "quick");
  EXPECT_GE(points.size(), 20U);
  for (const Point& point : points) {
    const RecurrenceSpec spec = point.spec(cuda(0));
    RecurrenceSpec with_resets = spec;
    with_resets.has_resets = true;
    expect_same_kernel(with_resets, spec);
    RecurrenceSpec packed = spec;
    packed.has_mask = packed.has_lengths = false;
    packed.packed = true;
    if (packed.rules.read == ReadOrder::reversed) packed.rules.read = ReadOrder::reversed_within_length;
    expect_same_kernel(packed, spec);
  }
}

/// A run that keeps a reserve takes the same kind of kernel as one that does not. Its blocks have 16 units at most, so
/// that an H200 has no room for a larger H, which takes cuda_stepwise.
TEST(SameKernels, OfTheQuickSetThatKeepReserves) {
  for (const Point& point : load_points(RONDO_BENCH_POINTS, "quick")) {
    const RecurrenceSpec spec = point.spec(cuda(0));
    for (const Keep keep : {Keep::states, Keep::gates}) {
      RecurrenceSpec keeping = spec;
      keeping.keep = keep;
      if (spec.cell.units > test::h200().processors * 16) {
        EXPECT_EQ(test::chosen(keeping, test::h200()), "cuda_stepwise");
      } else {
        expect_same_kernel(keeping, spec);
      }
    }
  }
}

}  // namespace
}  // namespace rondo::bench
