// Grid kernels of two sessions at once. CUDA does not guarantee that blocks of cooperative launches from two streams do
// not mix. If they mixed, each kernel would wait for blocks that find no room. This test checks that they do not.

#include <gtest/gtest.h>

#include "rondo/vocabulary/device.h"
#include "support/device_under_test.h"
#include "support/two_sessions.h"

namespace rondo::test {
namespace {

struct Sizes {
  std::int64_t units;
  std::int64_t T;
  int runs;
};

/// On a GPU, each kernel needs more than half of the blocks of an H200, so that both do not fit at once. A small device
/// gets sizes that it has room for.
Sizes sizes() {
  constexpr int kProcessorsFor768 = 96;
  if (properties_of(device_under_test()).processors >= kProcessorsFor768) return {768, 64, 200};
  return {32, 3, 4};
}

constexpr int kRunsPerLook = 20;

TEST(TwoSessions, RunOnTwoStreams) {
  const auto [units, T, runs] = sizes();
  TwoSessions sessions(device_under_test(), units, T);
  for (int run = 1; run <= runs && !::testing::Test::HasFailure(); ++run) {
    if (run % kRunsPerLook == 1) sessions.poison();
    sessions.run_both();
    if (run % kRunsPerLook == 0 || run == runs) sessions.expect_as_alone();
  }
}

TEST(TwoSessions, RunAsTwoBranchesOfAGraph) {
  const auto [units, T, runs] = sizes();
  TwoSessions sessions(device_under_test(), units, T);
  const cuda_runtime::Graph graph = sessions.record_both();
  for (int run = 1; run <= runs && !::testing::Test::HasFailure(); ++run) {
    if (run % kRunsPerLook == 1) sessions.poison();
    graph.replay(sessions.stream(0));
    if (run % kRunsPerLook == 0 || run == runs) sessions.expect_as_alone();
  }
}

}  // namespace
}  // namespace rondo::test
