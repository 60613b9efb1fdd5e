/// Runs of the fused executor with any kernels, over recurrences whose sizes are its hazards.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "cpu/fused/fused_executor.h"
#include "plan/planner.h"
#include "rondo/tensor/thread_pool.h"
#include "support/compare.h"
#include "support/random_recurrence.h"
#include "support/seeds.h"

namespace rondo::test {

/// Replaces the default pool for the life of this object.
class PoolScope {
 public:
  explicit PoolScope(std::shared_ptr<ThreadPool> pool) { set_default_thread_pool(std::move(pool)); }
  ~PoolScope() { set_default_thread_pool(nullptr); }
};

/// Properties of a CPU with `count` processors, for plans that do not depend on the machine.
inline DeviceProperties processors(int count) { return {.device = cpu(), .processors = count}; }

/// Runs a recurrence in `dtype`.
inline RunResult run_fused(const Executor& executor, const RandomRecurrence& recurrence, DType dtype, int threads) {
  RecurrenceSpec spec = recurrence.spec;
  spec.dtype = dtype;
  return run_plan(plan_for(executor, spec, processors(threads)), recurrence);
}

inline double tolerance(DType dtype) { return dtype == DType::f32 ? 1e-5 : (dtype == DType::f16 ? 1e-3 : 8e-3); }

/// A random recurrence with sizes around the lanes of vectors, the tiles of rows and the ends of chunks.
inline RandomRecurrence hazardous(Random& random) {
  RandomRecurrence recurrence =
      random_recurrence(random, {.units = random.pick<std::int64_t>({1, 4, 15, 16, 17, 33, 70, 130}),
                                 .B = random.pick<std::int64_t>({1, 2, 3, 7, 9, 19, 100}),
                                 .T = random.pick<std::int64_t>({1, 2, 5, 100, 230}),
                                 .I = random.pick<std::int64_t>({1, 5, 16, 40})});
  if (random.coin()) {  // the usual activations, whose gates are vectors
    recurrence.spec.cell.activation = Activation::tanh;
    recurrence.spec.cell.recurrent_activation = Activation::sigmoid;
  }
  return recurrence;
}

/// Calls `check(recurrence, random)` with what `draw(random)` gives for every `one_in`th seed: for cases that are as
/// many times as large as those of other properties.
template <typename Draw, typename Check>
void for_each_drawn(std::uint64_t one_in, Draw&& draw, Check&& check) {
  std::uint64_t count = 0;
  for_each_seed([&](std::uint64_t seed) {
    if (count++ % one_in != 0) return;
    Random random(seed);
    const RandomRecurrence recurrence = draw(random);
    SCOPED_TRACE(to_string(recurrence.spec));
    check(recurrence, random);
  });
}

template <typename Check>
void for_each_hazard(Check&& check) {
  for_each_drawn(50, hazardous, check);
}

inline void expect_identical(const RunResult& actual, const RunResult& expected) {
  EXPECT_TRUE(identical(actual.y, expected.y));
  EXPECT_TRUE(identical(actual.last_output, expected.last_output));
  for (std::size_t k = 0; k < expected.final_state.size(); ++k) {
    EXPECT_TRUE(identical(actual.final_state[k], expected.final_state[k]));
  }
}

}  // namespace rondo::test
