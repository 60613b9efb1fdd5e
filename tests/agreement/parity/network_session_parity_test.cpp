// The guarantees of a NetworkSession on a CUDA device besides numbers: no allocation and no synchronisation in a run,
// one graph of all layers, recording in a caller's graph, and a status of all recurrences.

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "cuda/runtime/runtime.h"
#include "cuda/stepwise/stepwise_executor.h"
#include "plan/planner.h"
#include "rondo/tensor/stream.h"
#include "support/compare.h"
#include "support/counted_calls.h"
#include "support/decided.h"
#include "support/device_under_test.h"
#include "support/random_network.h"

namespace rondo::test {
namespace {

using cuda_runtime::Call;

using Outputs = std::map<std::string, Tensor>;

RandomNetwork tall_network() { return moved(tall_network_of(7, 3, 8), DType::f32, device_under_test()); }

TEST(NetworkSessionParity, ARunNeitherAllocatesNorSynchronises) {
  for (const GraphUse use : {GraphUse::never, GraphUse::automatic}) {
    const RandomNetwork network = tall_network();
    const NetworkPlan plan = NetworkPlan::create(network.spec, {.graph_use = use, .chunk_steps = 3});
    ASSERT_EQ(plan.stages().size(), 2U) << plan.explain();
    const NetworkTensors tensors = with_outputs(network);
    NetworkSession session(plan, network.weights);
    const CountedCalls calls;
    for (int run = 0; run < 4; ++run) session.run(tensors);
    EXPECT_EQ(calls.of(Call::allocate), 0);
    EXPECT_EQ(calls.of(Call::deallocate), 0);
    EXPECT_EQ(calls.of(Call::copy), 0);
    EXPECT_EQ(calls.of(Call::synchronize), 0);
    EXPECT_GT(calls.of(Call::launch), 0);
    EXPECT_EQ(calls.of(Call::record_graph), use == GraphUse::never ? 0 : 1) << "one graph of all layers";
    EXPECT_EQ(calls.of(Call::replay_graph), use == GraphUse::never ? 0 : 3);
  }
}

TEST(NetworkSessionParity, ItsWorkspaceIsWhatItAllocates) {
  const RandomNetwork network = tall_network();
  const NetworkPlan plan = NetworkPlan::create(network.spec, {.chunk_steps = 3});
  synchronize(current_stream(device_under_test()));
  const std::size_t before = cuda_runtime::free_bytes(device_under_test());
  const NetworkSession session(plan, network.weights);
  const std::size_t taken = before - cuda_runtime::free_bytes(device_under_test());
  EXPECT_GE(taken, plan.workspace_bytes());
  EXPECT_LT(taken, plan.workspace_bytes() + (std::size_t{1} << 20)) << "weights, and nothing as large as a workspace";
}

TEST(NetworkSessionParity, ACallersGraphServesChangingInputs) {
  const Device device = device_under_test();
  const RandomNetwork network = tall_network();
  const NetworkPlan plan = NetworkPlan::create(network.spec, {.chunk_steps = 3});
  const NetworkTensors tensors = with_outputs(network);
  const cuda_runtime::OwnedStream stream(device);
  synchronize(current_stream(device));
  const StreamScope scope(stream.get());
  NetworkSession session(plan, network.weights, stream.get());
  const auto graph = cuda_runtime::Graph::record(stream.get(), [&] { session.run(tensors); });
  Random random(5);
  for (int round = 0; round < 3; ++round) {
    tensors.x.copy_from(random.tensor(tensors.x.shape(), 1.0));
    graph.replay(stream.get());
    const Outputs replayed = take_outputs(tensors);
    session.run(tensors);  // eager, then recorded, then replayed
    expect_identical(take_outputs(tensors), replayed);
    expect_identical(run_by_hand(network, plan), replayed);
  }
}

TEST(NetworkSessionParity, ManySetsOfTensorsTakeTurns) {
  const RandomNetwork network = tall_network();
  NetworkSession session(NetworkPlan::create(network.spec, {.chunk_steps = 3}), network.weights);
  const Outputs expected = run_by_hand(network, session.plan());
  for (int round = 0; round < 3; ++round) {
    std::vector<NetworkTensors> sets(12, with_outputs(network));
    for (NetworkTensors& set : sets) {
      set = with_outputs(network);
      for (int run = 0; run < round + 1; ++run) session.run(set);
      expect_identical(take_outputs(set), expected);
    }
  }
}

/// With more sets than a session keeps, none is recorded, in the network or in its sessions.
TEST(NetworkSessionParity, SetsThatNeverRepeatAreNotRecorded) {
  const RandomNetwork network = tall_network();
  NetworkSession session(NetworkPlan::create(network.spec, {.chunk_steps = 3}), network.weights);
  std::vector<NetworkTensors> sets;
  for (int k = 0; k < 9; ++k) sets.push_back(with_outputs(network));
  const CountedCalls calls;
  for (int round = 0; round < 3; ++round) {
    for (const NetworkTensors& set : sets) session.run(set);
  }
  EXPECT_EQ(calls.of(Call::record_graph), 0);
}

/// A set that differs in one tensor from a recorded set is another set.
TEST(NetworkSessionParity, EveryTensorOfASetCounts) {
  const Device device = device_under_test();
  RandomNetwork network = tall_network();
  network.spec.layers[3].backward->has_lengths = true;
  network.spec.layers[3].forward.has_mask = true;
  network.tensors.lengths = Tensor::from<std::int32_t>({7, 5, 1}, {3}, device);
  network.tensors.mask = Tensor::full({7, 3}, 1.0, DType::boolean, device);
  Random random(2);
  network.tensors.layers[3].backward.initial_state = {random.tensor({3, 8}, 1.0).to(device)};
  const NetworkPlan plan = NetworkPlan::create(network.spec, {.chunk_steps = 3});
  NetworkSession session(plan, network.weights);
  NetworkTensors tensors = with_outputs(network);
  const auto renewed = [&](Tensor& tensor) { tensor = Tensor::full(tensor.shape(), 0.5, tensor.dtype(), device); };
  const std::function<void()> changes[] = {
      [] {},
      [&] { renewed(*tensors.y); },
      [&] { renewed(tensors.layers[1].forward.final_state[0]); },
      [&] { renewed(tensors.layers[3].forward.final_state[1]); },
      [&] { renewed(*tensors.layers[2].forward.last_output); },
      [&] { renewed(*tensors.layers[3].backward.last_output); },
      [&] { renewed(network.tensors.x), tensors.x = network.tensors.x; },
      [&] {
        tensors.lengths = network.tensors.lengths = Tensor::from<std::int32_t>({3, 4, 6}, {3}, device);
      },
      [&] {
        tensors.mask = network.tensors.mask = Tensor::zeros({7, 3}, DType::boolean, device);
      },
      [&] {
        std::vector<Tensor>& state = network.tensors.layers[3].backward.initial_state;
        state = {random.tensor({3, 8}, 1.0).to(device)};
        tensors.layers[3].backward.initial_state = state;
      },
      [&] {
        network.tensors.layers[3].backward.initial_state.clear();
        tensors.layers[3].backward.initial_state.clear();
      },
  };
  for (std::size_t k = 0; k < std::size(changes); ++k) {
    SCOPED_TRACE(k);
    changes[k]();
    for (int run = 0; run < 3; ++run) {
      session.run(tensors);
      expect_identical(take_outputs(tensors), run_by_hand(network, plan));
    }
  }
}

TEST(NetworkSessionParity, LengthsOutOfRangeAreReported) {
  RandomNetwork network = tall_network();
  network.spec.layers[3].backward->has_lengths = true;
  network.tensors.lengths = Tensor::from<std::int32_t>({7, 8, 1}, {3}, device_under_test());
  const NetworkTensors tensors = with_outputs(network);
  NetworkSession session(NetworkPlan::create(network.spec, {.chunk_steps = 3}), network.weights);
  for (int run = 0; run < 3; ++run) {  // eager, recorded, replayed
    session.run(tensors);
    EXPECT_TRUE(session.finish().length_out_of_range) << run;
    EXPECT_FALSE(session.finish().length_out_of_range) << "asked again";
  }
  network.tensors.lengths->copy_from(Tensor::from<std::int32_t>({7, 0, 1}, {3}));
  session.run(tensors);
  EXPECT_FALSE(session.finish().length_out_of_range);
}

/// A cuda_stepwise whose runs stall: a run writes NaN and sets the flag.
class Staller final : public Executor {
 public:
  std::string_view name() const override { return "staller"; }
  Answer decide(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    const auto decision = decided(stepwise_executor(), spec, properties);
    return decision_for<StallingRunner>({.workspace_bytes = decision->workspace_bytes(), .may_stall = true});
  }

 private:
  class StallingRunner final : public Runner {
   public:
    explicit StallingRunner(const RunnerRequest& request)
        : request_(request),
          runner_(runner_of(stepwise_executor(), request)),
          stalled_(Tensor::full({1}, kStalled, DType::i32, request.spec.device)),
          nan_(Tensor::full({1 << 12}, std::numeric_limits<double>::quiet_NaN(), DType::f32, request.spec.device)) {}

    void run(const RecurrenceBuffers& buffers, void* workspace) override {
      runner_->run(buffers, workspace);
      const auto bytes = static_cast<std::size_t>(request_.spec.cell.units) * sizeof(float);
      if (buffers.y.data != nullptr) cuda_runtime::copy(buffers.y.data, nan_.data(), bytes, request_.stream);
      cuda_runtime::copy(buffers.flags, stalled_.data(), sizeof(kStalled), request_.stream);
    }

   private:
    const RunnerRequest request_;
    const std::unique_ptr<Runner> runner_;
    const Tensor stalled_;
    const Tensor nan_;
  };
};

TEST(NetworkSessionParity, AStalledRunIsDoneAgain) {
  const RandomNetwork network = tall_network();
  const Staller staller;
  const NetworkPlan plan = network_plan_for(staller, network.spec, {.chunk_steps = 3});
  ASSERT_EQ(plan.stages().size(), 2U) << plan.explain();
  const Outputs expected =
      run_network(network, NetworkPlan::create(network.spec, {.executor = "cuda_stepwise", .chunk_steps = 3}));
  for (int runs = 1; runs <= 3; ++runs) {
    const NetworkTensors other = with_outputs(network);
    const NetworkTensors tensors = with_outputs(network);
    NetworkSession session(plan, network.weights);
    // The sessions' own last run is not the last run of the network's graphs.
    session.run(other);
    for (int run = 0; run < runs; ++run) session.run(tensors);
    for (int run = 0; run < 2; ++run) session.run(other);
    const Outputs untouched = take_outputs(other);
    session.run(tensors);
    EXPECT_TRUE(session.finish().stalled);
    expect_identical(take_outputs(tensors), expected);
    expect_identical(take_outputs(other), untouched);
    EXPECT_FALSE(session.finish().stalled) << "told once";
    for (int run = 0; run < 3; ++run) {
      session.run(tensors);
      expect_identical(take_outputs(tensors), expected);
    }
    EXPECT_FALSE(session.finish().stalled) << "what was recorded before is not replayed";
  }
}

}  // namespace
}  // namespace rondo::test
