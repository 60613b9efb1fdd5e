// A packed batch gives the bits of the padded batch with the same rows: for every executor, over random recurrences.

#include <gtest/gtest.h>

#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/conformance.h"
#include "support/packed_run.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

TEST_P(Conformance, APackedBatchEqualsThePaddedOne) {
  const ConformanceCase& which = GetParam();
  int runs = 0;
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    RandomRecurrence recurrence = random_recurrence(random);
    if (!can_be_packed(recurrence.spec) || recurrence.spec.B == 0) return;
    draw_longest_row(random, recurrence);
    recurrence.spec = asked_spec(which, recurrence.spec);
    if (!accepts(which.executor, recurrence.spec)) return;
    SCOPED_TRACE(to_string(recurrence.spec));
    ++runs;
    RunResult expected = run_on(which.executor, recurrence, which.dtype);
    clear_padding(expected, recurrence);
    const Packing packing{.by_index = random.coin(), .sizes = random.coin() ? DType::i32 : DType::i64};
    const RunResult actual = run_packed(plan(packed_spec(recurrence)), recurrence, packing);
    EXPECT_TRUE(identical(actual.y.clone(), expected.y)) << "in y";
    EXPECT_TRUE(identical(actual.last_output.clone(), expected.last_output)) << "in last_output";
    for (std::size_t k = 0; k < expected.final_state.size(); ++k) {
      EXPECT_TRUE(identical(actual.final_state[k].clone(), expected.final_state[k])) << "in final_state[" << k << "]";
    }
  });
  EXPECT_GT(runs, 0);
}

RONDO_INSTANTIATE_CONFORMANCE();

}  // namespace
}  // namespace rondo::test
