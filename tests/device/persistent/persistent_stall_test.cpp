// Blocks that wait for blocks that never run.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "cuda/device/launch.cuh"
#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/persistent_kernels.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "cuda/persistent/shape/block_layout.h"
#include "plan/planner.h"
#include "recurrence/simple_decision.h"
#include "rondo/ops/ops.h"
#include "rondo/plan/plan.h"
#include "support/device_run.h"

namespace rondo::test {
namespace {

/// A team has two blocks, of which only one is launched.
TEST(Stall, AMissingBlockEndsInAFlagAndNotInAHang) {
  const Device device = cuda(0);
  const PersistentShape shape{.kind = PersistentKind::grid,
                              .H = 32,
                              .blocks = 2,
                              .unit_warps = 1,
                              .k_warps = 4,
                              .k_tiles = 4,
                              .words = GridWords::numbered};
  const PersistentTask task{shape, {.kind = CellKind::simple_rnn, .units = 32}, Stream{device}};
  const Tensor kernel = Tensor::full({32, 32}, 0.1, DType::f32, device);
  const std::int64_t vectors = PersistentKernels<float>::packed_vectors(task);
  const Tensor packed = Tensor::zeros({vectors * 4}, DType::f32, device);
  PersistentKernels<float>::pack(task, kernel.data<float>(), 32, static_cast<device::Words4*>(packed.data()));
  const Tensor sums = Tensor::full({3, 1, 32}, 0.5, DType::f32, device);
  const Tensor bias = Tensor::zeros({2, 32}, DType::f32, device);
  const Tensor result = Tensor::full({1, 32}, 7.0, DType::f32, device);
  const Tensor packets = Tensor::zeros({2 * 8 * 32 * 2}, DType::f32, device);
  const Tensor epochs = Tensor::full({1}, 1, DType::i32, device);
  const Tensor flags = Tensor::zeros({kFlagWords}, DType::i32, device);
  const SharedLayout layout = dispatch_formula<float>(
      task.cell, shape, [&]<typename Formula, int kOctets>(FormulaTag<Formula>, Octets<kOctets>) {
        return shared_layout(shape, block_needs<Formula, float, kOctets>(shape));
      });
  const PersistentRun<float> run{.shape = shape,
                                 .layout = layout,
                                 .schedule = {.T = 3, .B = 1},
                                 .activations = {{Activation::tanh}, {Activation::sigmoid}},
                                 .weights = static_cast<const device::Words4*>(packed.data()),
                                 .bias = bias.data<float>(),
                                 .recurrent_bias = bias.data<float>(),
                                 .input_sums = sums.data<float>(),
                                 .input_strides = {32, 32},
                                 .results = {.final_h = {result.data<float>(), 32}},
                                 .grid = {packets.data(), static_cast<std::uint32_t*>(epochs.data())},
                                 .flags = static_cast<std::uint32_t*>(flags.data())};
  const PersistentKernel<float> kernel_32 =
      find_persistent_kernel<float, PersistentKind::grid, 2>(task.cell, {.words = shape.words});
  const auto start = [&](unsigned blocks) {
    device::launch(
        kernel_32,
        {.grid = {blocks}, .block = {128}, .shared_bytes = 48 << 10, .stream = {device}, .cooperative = true}, run);
  };
  start(1);
  const auto bits = [&] { return flags.select(0, 0).item(); };
  EXPECT_EQ(bits(), static_cast<double>(kStalled));
  EXPECT_TRUE(std::isnan(result.select(1, 0).item())) << "a run that has stalled leaves no numbers";
  EXPECT_GT(epochs.item(), 2.0) << "later runs must not take its packets for their own";
  result.fill(7.0);
  start(2);
  EXPECT_TRUE(std::isnan(result.select(1, 0).item())) << "no run waits again before the flags are cleared";
  flags.fill(0);
  start(2);
  EXPECT_EQ(bits(), 0.0);
  EXPECT_FALSE(std::isnan(result.select(1, 0).item()));
}

/// The sentinel in global memory is a NaN of all ones, and states may have these bits.
TEST(Stall, ANanOfAllOnesHasArrived) {
  const Device device = cuda(0);
  for (const DType dtype : {DType::bf16, DType::f16, DType::f32}) {
    const RecurrenceSpec spec{.cell = {.kind = CellKind::simple_rnn, .units = 32, .use_bias = false},
                              .T = 2,
                              .B = 12,
                              .I = 1,
                              .dtype = dtype,
                              .device = device};
    const RecurrentWeights weights{Tensor::zeros({1, 32}, dtype, device), Tensor::zeros({32, 32}, dtype, device), {}};
    const Tensor ones = Tensor::zeros({12, 32}, dtype);
    std::memset(ones.data(), 0xff, 12 * 32 * size_of(dtype));
    for (const auto& executor : persistent_alternatives(spec, properties_of(device), PersistentKind::grid)) {
      SCOPED_TRACE(std::string(executor->name()) + ", " + to_string(dtype));
      Session session(plan_for(*executor, spec, properties_of(device)), weights);
      const Tensor last_output = Tensor::zeros({12, 32}, dtype, device);
      session.run({.x = Tensor::zeros({2, 12, 1}, dtype, device),
                   .initial_state = {ones.to(device)},
                   .last_output = last_output});
      EXPECT_FALSE(session.finish().stalled);
      EXPECT_TRUE(std::isnan(last_output.to(cpu()).to(DType::f32).data<float>()[0]));
    }
  }
}

/// An executor whose runs stall.
class Staller final : public Executor {
 public:
  std::string_view name() const override { return "staller"; }
  Answer decide(const RecurrenceSpec&, const DeviceProperties&) const override {
    return decision_for<StallingRunner>({.may_stall = true});
  }

 private:
  class StallingRunner final : public Runner {
   public:
    explicit StallingRunner(const RunnerRequest&) {}
    void run(const RecurrenceBuffers& buffers, void*) override { *buffers.flags |= kStalled; }
  };
};

/// A plan that may stall has the first automatic executor as its fallback.
TEST(Stall, StatusHasTheFallbackRepeatTheLastRun) {
  const RecurrenceSpec spec{.cell = {.kind = CellKind::simple_rnn, .units = 1}, .T = 1, .B = 1, .I = 1};
  const RecurrentWeights weights{Tensor::zeros({1, 1}, DType::f32), Tensor::zeros({1, 1}, DType::f32),
                                 Tensor::full({1}, 0.5, DType::f32)};
  const Staller staller;
  Session session(plan_for(staller, spec, properties_of(cpu())), weights);
  const Tensor last_output = Tensor::full({1, 1}, 1.0, DType::f32);
  session.run({.x = Tensor::zeros({1, 1, 1}, DType::f32), .last_output = last_output});
  EXPECT_EQ(last_output.item(), 1.0);
  EXPECT_TRUE(session.finish().stalled);
  EXPECT_NEAR(last_output.item(), std::tanh(0.5), 1e-6);
  EXPECT_FALSE(session.finish().stalled) << "told once";
  last_output.fill(1.0);
  session.run({.x = Tensor::zeros({1, 1, 1}, DType::f32), .last_output = last_output});
  EXPECT_NEAR(last_output.item(), std::tanh(0.5), 1e-6) << "later runs are the fallback's";
  EXPECT_FALSE(session.finish().stalled);
}

}  // namespace
}  // namespace rondo::test
