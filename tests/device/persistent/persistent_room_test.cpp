// Devices that have less room for a kernel than their properties promise.

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/persistent_runner.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "cuda/products/product.h"
#include "device/simt/device/launch_limits.h"
#include "plan/planner.h"
#include "rondo/ops/ops.h"
#include "rondo/plan/plan.h"
#include "support/counted_calls.h"
#include "support/device_run.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

constexpr std::int64_t T = 20;  // cuda_stepwise has at least T launches

DeviceRun run_by(const std::string& executor) {
  return {.how = {executor, DType::f32}, .device = cuda(0), .graph_use = GraphUse::never};
}

RandomRecurrence recurrence_of(std::uint64_t seed, const WantedSizes& sizes) {
  Random random(seed);
  return random_recurrence(random, sizes);
}

/// A recurrence for which `executor` takes a kernel of the kind.
RandomRecurrence planned_as(PersistentKind kind, const std::string& executor, std::int64_t units) {
  const DeviceRun run = run_by(executor);
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    RandomRecurrence recurrence = recurrence_of(seed, {.units = units, .B = 2, .T = T, .plain_cell = true});
    const RecurrenceSpec spec = spec_on_device(recurrence.spec, run);
    const Plan plan = Plan::create(spec, {.executor = ""});
    if (executor == "cuda_persistent" && plan.executor_name() != executor) continue;
    const Plan named = Plan::create(spec, {.executor = executor});
    const auto candidate = persistent_candidate(*Planner::data(named).decision);
    if (candidate && candidate->plan.shape.kind == kind &&
        candidate->plan.shape.blocks >= (kind == PersistentKind::block ? 1 : 2)) {
      return recurrence;
    }
  }
  ADD_FAILURE() << "no recurrence that " << executor << " runs by a " << name_of(kind) << " kernel";
  return {};
}

/// Checks a run, and returns its number of launches.
int launches_of(const RandomRecurrence& recurrence, const DeviceRun& run) {
  expect_parity(recurrence, run);
  const CountedCalls calls;
  (void)run_on_device(recurrence, run);
  return calls.of(cuda_runtime::Call::launch);
}

/// Properties promise clusters of 4 blocks, for which the device itself has no room.
TEST(Room, SmallerClustersTakeThePlaceOfThoseThatDoNotFit) {
  const DeviceRun run = run_by("cuda_cluster");
  RandomRecurrence recurrence;
  int blocks = 0;
  for (std::uint64_t seed = 0; blocks != 4; ++seed) {
    recurrence = recurrence_of(seed, {.units = 128, .B = 1, .plain_cell = true});
    const RecurrenceSpec spec = spec_on_device(recurrence.spec, run);
    blocks = persistent_plans(spec, properties_of(run.device), PersistentKind::cluster).front().shape.blocks;
  }
  {
    const simt::LargestCluster two(2);
    expect_parity(recurrence, run);
  }
  const simt::LargestCluster none(1);
  expect_words<RuntimeError>([&] { (void)run_on_device(recurrence, run); },
                             {"cuda_cluster has no kernel", "cuda:0", "cluster of 4 blocks", "room for none"});
}

TEST(Room, AnotherKindTakesThePlaceOfClusters) {
  const RandomRecurrence recurrence = planned_as(PersistentKind::cluster, "cuda_persistent", 64);
  const DeviceRun run = run_by("cuda_persistent");
  const simt::LargestCluster none(1);
  EXPECT_LT(launches_of(recurrence, run), T);
  EXPECT_GE(launches_of(recurrence, run_by("cuda_stepwise")), T) << "the launches tell the executors apart";
}

TEST(Room, StepwiseRunsWhatNoKernelHasRoomFor) {
  const RandomRecurrence recurrence = planned_as(PersistentKind::cluster, "cuda_persistent", 64);
  const DeviceRun run = run_by("cuda_persistent");
  const simt::LargestCluster no_clusters(1);
  const simt::MostResidentBlocks no_blocks(0);
  const simt::MostSharedBytes few(1000);
  EXPECT_GE(launches_of(recurrence, run), T);
}

/// A kernel that multiplies x itself needs no workspace, and cuda_stepwise does.
TEST(Room, StepwiseBringsTheWorkspaceThatWasNotPlanned) {
  RandomRecurrence recurrence;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    recurrence = recurrence_of(seed, {.units = 40, .B = 2, .T = 1, .I = 5, .plain_cell = true});
    const RecurrenceSpec spec = spec_on_device(recurrence.spec, run_by(""));
    const Plan plan = Plan::create(spec);
    if (plan.executor_name() == "cuda_persistent" && plan.workspace_bytes() == 0) break;
    recurrence = {};
  }
  ASSERT_TRUE(recurrence.x.defined());
  const simt::LargestCluster no_clusters(1);
  const simt::MostResidentBlocks no_blocks(0);
  const simt::MostSharedBytes few(1000);
  expect_parity(recurrence, run_by("cuda_persistent"));
}

TEST(Room, AnExecutorAskedForByNameSaysWhatItNeeds) {
  const RandomRecurrence grid = planned_as(PersistentKind::grid, "cuda_grid", 64);
  {
    const simt::MostResidentBlocks one(1);
    expect_words<RuntimeError>([&] { (void)run_on_device(grid, run_by("cuda_grid")); },
                               {"cuda_grid has no kernel", "cuda:0", "run at once", "room for 1", "another executor"});
  }
  const RandomRecurrence block = planned_as(PersistentKind::block, "cuda_block", 32);
  const simt::MostSharedBytes few(1000);
  expect_words<RuntimeError>([&] { (void)run_on_device(block, run_by("cuda_block")); },
                             {"cuda_block has no kernel", "bytes of shared memory", "1000 for a block"});
  for (const auto& executor :
       persistent_alternatives(spec_on_device(block.spec, run_by("")), properties_of(cuda(0)), PersistentKind::block)) {
    DeviceRun run = run_by("");
    run.executor = executor.get();
    expect_words<RuntimeError>([&] { (void)run_on_device(block, run); },
                               {std::string(executor->name()), "shared memory", "1000"});
  }
}

/// A candidate whose runs get no workspace, as if it replaced a candidate that needs none.
class WithoutWorkspace final : public Executor {
 public:
  explicit WithoutWorkspace(const PersistentShape& shape) : shape_(shape) {}

  std::string_view name() const override { return "without_workspace"; }
  Answer decide(const RecurrenceSpec&, const DeviceProperties&) const override {
    return std::make_shared<Planned>(shape_);
  }

 private:
  class Planned final : public Decision {
   public:
    explicit Planned(const PersistentShape& shape) : shape_(shape) {}
    std::size_t workspace_bytes() const override { return 0; }
    MadeRunner make_runner(const RunnerRequest& request) const override {
      return make_persistent_runner(request, shape_);
    }

   private:
    const PersistentShape shape_;
  };

  const PersistentShape shape_;
};

TEST(Room, AWayThatNeedsMoreThanWasPlannedBringsItself) {
  const Device device = cuda(0);
  const RecurrenceSpec spec{
      .cell = {.kind = CellKind::simple_rnn, .units = 40, .use_bias = false}, .T = 3, .B = 2, .I = 5, .device = device};
  const RecurrentWeights weights{
      Tensor::full({5, 40}, 0.1, DType::f32, device), Tensor::full({40, 40}, 0.01, DType::f32, device), {}};
  int candidates = 0;
  for (const PersistentPlan& plan : persistent_plans(spec, properties_of(device), PersistentKind::cluster)) {
    if (plan.shape.multiplies_inputs()) continue;
    ++candidates;
    const WithoutWorkspace executor(plan.shape);
    Session session(plan_for(executor, spec, properties_of(device)), weights);
    const Tensor last_output = Tensor::zeros({2, 40}, DType::f32, device);
    session.run({.x = Tensor::full({3, 2, 5}, 1.0, DType::f32, device), .last_output = last_output});
    double h = 0;
    for (int s = 0; s < spec.T; ++s) h = std::tanh(5 * 0.1 + 40 * 0.01 * h);
    EXPECT_NEAR(last_output.select(1, 39).select(0, 1).item(), h, 1e-6) << candidate_name(plan.shape);
  }
  EXPECT_GT(candidates, 0);
}

}  // namespace
}  // namespace rondo::test
