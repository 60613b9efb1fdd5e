// Every shape in which the persistent kernels can share out the gradients of a recurrence, against the reference in
// f64. The planner takes the shape that it predicts to be fastest, so all shapes must be right.

#include <gtest/gtest.h>

#include <algorithm>

#include "agreement/parity/gradient_precisions.h"
#include "cuda/persistent/persistent_backward.h"
#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "cuda/stepwise/stepwise_executor.h"
#include "plan/planner.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/gradient_run.h"
#include "support/persistent_candidates.h"

namespace rondo::test {
namespace {

using Executors = std::vector<std::unique_ptr<const Executor>>;

/// A plan for gradients by one of the shapes of a kind, of a run by one of its shapes or by cuda_stepwise.
class AnyShape {
 public:
  AnyShape(const RecurrenceSpec& spec, PersistentKind kind, Random& random)
      : spec_(spec),
        backward_(persistent_backward_alternatives(spec, properties_of(spec.device), kind)),
        forward_(persistent_alternatives(spec, properties_of(spec.device), kind)),
        backward_executor_(any_of(backward_, random)),
        forward_executor_(random.coin(0.2) ? &stepwise_executor() : any_of(forward_, random)) {}

  bool exists() const { return backward_executor_ != nullptr && forward_executor_ != nullptr; }
  std::string name() const {
    return std::string(forward_executor_->name()) + " and " + std::string(backward_executor_->name());
  }
  Plan plan() const { return plan_for(*forward_executor_, *backward_executor_, spec_, properties_of(spec_.device)); }

 private:
  static const Executor* any_of(const Executors& executors, Random& random) {
    if (executors.empty()) return nullptr;
    return executors[static_cast<std::size_t>(random.integer(0, std::ssize(executors) - 1))].get();
  }

  const RecurrenceSpec spec_;
  const Executors backward_;
  const Executors forward_;
  const Executor* const backward_executor_;
  const Executor* const forward_executor_;
};

/// Checks a shape of a kind in each precision. Returns how many there were.
int check(const RandomRecurrence& given, PersistentKind kind, std::uint64_t seed) {
  int count = 0;
  for (const Precision& precision : kPrecisions) {
    Random random(seed);
    const RandomRecurrence recurrence = on_device(given, precision, random);
    const AnyShape shape(recurrence.spec, kind, random);
    if (!shape.exists()) continue;
    SCOPED_TRACE(to_string(recurrence.spec) + ", " + shape.name());
    const Upstream upstream = rounded(random_upstream(random, recurrence), precision.dtype);
    expect_near(gradients_of(shape.plan(), recurrence, upstream), oracle_gradients(recurrence, upstream), upstream,
                precision.tolerance);
    ++count;
  }
  return count;
}

struct Size {
  std::int64_t H;
  std::int64_t B;
};

class PersistentGradientParity : public ::testing::TestWithParam<PersistentKind> {};

/// Units and rows are around the sizes of tiles, chunks and blocks.
TEST_P(PersistentGradientParity, HazardousSizes) {
  int shapes = 0;
  std::uint64_t seed = 0;
  for (const Size size : {Size{7, 9}, Size{8, 8}, Size{15, 2}, Size{16, 16}, Size{17, 3}, Size{31, 5}, Size{33, 17},
                          Size{48, 3}, Size{50, 18}, Size{64, 8}, Size{23, 33}, Size{40, 64}}) {
    for (int repeat = 0; repeat < 4; ++repeat) {
      Random random(++seed);
      const RandomRecurrence recurrence = random_recurrence(random, {.units = size.H, .B = size.B, .plain_cell = true});
      shapes += check(recurrence, GetParam(), seed);
    }
  }
  EXPECT_GT(shapes, 60);
}

/// A random GRU that resets before its product, whose blocks exchange dG twice in a step.
RandomRecurrence reset_before(Random& random, const WantedSizes& sizes) {
  RandomRecurrence recurrence = random_recurrence(random, sizes);
  while (recurrence.spec.cell.kind != CellKind::gru || recurrence.spec.cell.reset_after) {
    recurrence = random_recurrence(random, sizes);
  }
  return recurrence;
}

TEST_P(PersistentGradientParity, WhereTheCandidateHasAProductOfItsOwn) {
  int shapes = 0;
  std::uint64_t seed = 0;
  for (const Size size : {Size{7, 9}, Size{16, 16}, Size{17, 3}, Size{33, 17}, Size{50, 18}, Size{64, 8}}) {
    for (int repeat = 0; repeat < 2; ++repeat) {
      Random random(++seed);
      shapes +=
          check(reset_before(random, {.units = size.H, .B = size.B, .T = 5, .plain_cell = true}), GetParam(), seed);
    }
  }
  EXPECT_GT(shapes, 15);
}

/// As HazardousSizes, for a tool that takes a hundred times as long.
TEST_P(PersistentGradientParity, UnderASanitizer) {
  int shapes = 0;
  for (std::uint64_t seed = 1; shapes < 8; ++seed) {
    Random random(seed);
    const bool large = seed % 2 == 0;
    const RandomRecurrence recurrence =
        random_recurrence(random, {.units = large ? 33 : 17, .B = large ? 9 : 1, .T = 5, .plain_cell = true});
    shapes += check(recurrence, GetParam(), seed);
  }
}

/// Gradients of zeros are zeros; a repeated backward, which is recorded and then replayed, has the same bits; and
/// accumulated gradients are added.
TEST_P(PersistentGradientParity, ObeyTheirLaws) {
  for (std::uint64_t seed = 0; seed < 30 && !HasFailure(); ++seed) {
    Random random(seed);
    const RandomRecurrence recurrence =
        on_device(random_recurrence(random, {.plain_cell = true}), kPrecisions[0], random);
    const AnyShape shape(recurrence.spec, GetParam(), random);
    if (!shape.exists()) continue;
    SCOPED_TRACE(to_string(recurrence.spec) + ", " + shape.name());
    const Plan plan = shape.plan();
    Session session(plan, recurrence.weights.map([&](const Tensor& weight) { return weight.to(plan.spec().device); }));
    const SessionTensors run = run_tensors(plan, recurrence);
    session.run(run);
    const SessionGradients zeros = unwritten_gradients(plan, recurrence, {});
    session.backward(run, zeros);
    EXPECT_EQ(square_of(*zeros.x), 0.0);
    EXPECT_EQ(square_of(*zeros.weights.kernel), 0.0);

    const Upstream upstream = random_upstream(random, recurrence);
    const SessionGradients once = unwritten_gradients(plan, recurrence, upstream);
    session.backward(run, once);
    SessionGradients again = unwritten_gradients(plan, recurrence, upstream);
    for (int repeat = 0; repeat < 3; ++repeat) {
      again.x->fill(0.5);
      session.backward(run, again);
      EXPECT_TRUE(identical(again.x->to(cpu()), once.x->to(cpu())));
    }
    again.accumulate_weights = true;
    session.backward(run, again);
    EXPECT_TRUE(identical(again.weights.kernel->to(cpu()), mul(*once.weights.kernel, 2.0).to(cpu())));
    EXPECT_FALSE(session.finish().gradients_stalled);
  }
}

/// An executor of gradients by a grid whose blocks have little shared memory: weights are streamed, and sums are in one
/// place.
std::unique_ptr<const Executor> streaming_gradients(const RecurrenceSpec& spec) {
  DeviceProperties properties = properties_of(spec.device);
  properties.processors = std::max(kFewestProcessors, properties.processors);
  for (properties.shared_bytes_per_block = 4 << 10; properties.shared_bytes_per_block < 200 << 10;
       properties.shared_bytes_per_block += 4 << 10) {
    auto executors = persistent_backward_alternatives(spec, properties, PersistentKind::grid);
    const auto found = std::ranges::find_if(executors, [&](const auto& executor) {
      const std::string rows = "_" + std::to_string(spec.B) + "rows_";
      return executor->name().find("streamed") != std::string_view::npos &&
             executor->name().find(rows) != std::string_view::npos;
    });
    if (found != executors.end()) return std::move(*found);
  }
  return nullptr;
}

/// In 16 bits registers have all weights of so few units, but where a team has two passes.
TEST(StreamingGradientParity, WhereTheCandidateHasAProductOfItsOwn) {
  std::uint64_t seed = 0;
  for (const Precision& precision : kPrecisions) {
    const bool narrow = size_of(precision.dtype) == 2;
    for (const std::int64_t B : {narrow ? 17 : 3, narrow ? 20 : 12}) {
      Random random(++seed);
      const WantedSizes sizes{
          .units = narrow ? 400 : (rounds(precision) ? 300 : 150), .B = B, .T = 4, .plain_cell = true};
      const RandomRecurrence recurrence = on_device(reset_before(random, sizes), precision, random);
      const auto executor = streaming_gradients(recurrence.spec);
      ASSERT_NE(executor, nullptr) << to_string(recurrence.spec);
      SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(executor->name()));
      const Upstream upstream = rounded(random_upstream(random, recurrence), precision.dtype);
      const Plan plan =
          plan_for(stepwise_executor(), *executor, recurrence.spec, properties_of(recurrence.spec.device));
      expect_near(gradients_of(plan, recurrence, upstream), oracle_gradients(recurrence, upstream), upstream,
                  precision.tolerance);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, PersistentGradientParity,
                         ::testing::Values(PersistentKind::block, PersistentKind::cluster, PersistentKind::grid),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace rondo::test
