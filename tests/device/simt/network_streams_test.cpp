// Networks on streams that wait for each other only where they are told to.

#include <gtest/gtest.h>

#include "cuda/runtime/runtime.h"
#include "device/simt/device/stream_queue.h"
#include "rondo/tensor/stream.h"
#include "support/network_gradients.h"

namespace rondo::test {
namespace {

RandomNetwork network_of(std::uint64_t seed) {
  Random random(seed);
  return moved(random_network(random), DType::f32, cuda(0));
}

/// The network with its weights as results of work that is queued and not yet done.
RandomNetwork with_new_weights(RandomNetwork network) {
  const auto renew = [](RecurrentWeights& weights) {
    weights = weights.map([](const Tensor& weight) { return weight.clone(); });
  };
  for (NetworkWeights& weights : network.weights) {
    renew(weights.forward);
    if (weights.backward) renew(*weights.backward);
  }
  return network;
}

/// Runs, recordings, replays and the end of a session give equal numbers in many orders.
TEST(NetworkStreams, EveryOrderGivesTheSameNumbers) {
  int at_once = 0;
  for (std::uint64_t seed = 0; seed < 150 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const RandomNetwork network = network_of(seed);
    const NetworkPlan plan = NetworkPlan::create(network.spec, {.chunk_steps = 1 + static_cast<int>(seed % 3)});
    const auto expected = run_by_hand(network, plan);
    const simt::StreamsInAnyOrder any_order(seed);
    for (const int runs : {1, 2, 4}) {
      expect_identical(run_network(with_new_weights(network), plan, runs), expected);
    }
    for (const NetworkStage& stage : plan.stages()) at_once += stage.kind == StageKind::alone ? 0 : 1;
  }
  EXPECT_GT(at_once, 50);
}

TEST(NetworkStreams, ACallersGraphKeepsTheOrder) {
  for (std::uint64_t seed = 0; seed < 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const RandomNetwork network = network_of(seed);
    const NetworkPlan plan = NetworkPlan::create(network.spec, {.chunk_steps = 2});
    const auto expected = run_by_hand(network, plan);
    const simt::StreamsInAnyOrder any_order(seed);
    const cuda_runtime::OwnedStream stream(cuda(0));
    make_wait(stream.get(), Stream{cuda(0)});
    const StreamScope scope(stream.get());
    const NetworkTensors tensors = with_outputs(network);
    NetworkSession session(plan, network.weights, stream.get());
    const auto graph = cuda_runtime::Graph::record(stream.get(), [&] { session.run(tensors); });
    graph.replay(stream.get());
    expect_identical(take_outputs(tensors), expected);
  }
}

/// Sequences between layers are copied to the reserve and back beside the work of the lanes.
TEST(NetworkStreams, SwappedReservesGiveTheSameNumbersInEveryOrder) {
  for (std::uint64_t seed = 0; seed < 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const auto network_of_memory = [&](bool swap_memory) {
      return keeping(network_of(seed), [&](RecurrenceSpec spec) {
        spec.keep = seed % 3 == 0 ? Keep::states : Keep::gates;
        spec.swap_memory = swap_memory;
        return spec;
      });
    };
    Random random(seed);
    const NetworkGradients upstream = random_network_upstream(random, with_outputs(network_of_memory(false)));
    const auto gradients = [&](bool swap_memory) {
      const RandomNetwork network = network_of_memory(swap_memory);
      const NetworkPlan plan =
          NetworkPlan::create(network.spec, {.executor = "cuda_stepwise",
                                             .backward_executor = "cuda_stepwise",
                                             .graph_use = seed % 2 == 0 ? GraphUse::never : GraphUse::automatic});
      NetworkTensors run = with_outputs(network);
      run.reserve = plan.empty_reserve();
      const NetworkGradients wanted = unwritten_gradients(network, upstream);
      NetworkSession session(plan, network.weights);
      for (int repeat = 0; repeat < 3; ++repeat) {
        session.run(run);
        session.backward(run, wanted);
      }
      return take_gradients(wanted);
    };
    const auto expected = gradients(false);
    const simt::StreamsInAnyOrder any_order(seed);
    expect_identical(gradients(true), expected);
  }
}

/// While the session's last run is still queued, its memory is freed and reused for NaNs.
TEST(NetworkStreams, ASessionMayEndBeforeItsRuns) {
  for (std::uint64_t seed = 0; seed < 100 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const RandomNetwork network = network_of(seed);
    const NetworkPlan plan = NetworkPlan::create(network.spec, {.chunk_steps = 2});
    const auto expected = run_by_hand(network, plan);
    const simt::StreamsInAnyOrder any_order(seed);
    const NetworkTensors tensors = with_outputs(network);
    {
      NetworkSession session(plan, network.weights);
      for (int run = 0; run < 3; ++run) session.run(tensors);
    }
    const cuda_runtime::OwnedStream other(cuda(0));
    std::vector<Tensor> taken;
    for (int k = 0; k < 20; ++k) {
      const StreamScope scope(other.get());
      taken.push_back(Tensor::full({16}, std::numeric_limits<double>::quiet_NaN(), DType::f32, cuda(0)));
      synchronize(other.get());
    }
    expect_identical(take_outputs(tensors), expected);
    synchronize(other.get());
    taken.clear();
  }
}

/// The caller writes the next x behind a run that still reads the last x, and asks for the status in between.
TEST(NetworkStreams, TheCallersStreamGoesOnAfterARun) {
  for (std::uint64_t seed = 0; seed < 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomNetwork network = network_of(seed);
    const NetworkPlan plan = NetworkPlan::create(network.spec, {.chunk_steps = 2});
    const Tensor x = network.tensors.x.clone();
    const auto expected = run_by_hand(network, plan);
    const simt::StreamsInAnyOrder any_order(seed);
    const NetworkTensors tensors = with_outputs(network);
    NetworkSession session(plan, network.weights);
    for (int run = 0; run < 4; ++run) {
      tensors.x.copy_from(x);
      session.run(tensors);
      tensors.x.fill(-7);
      if (run % 2 == 0) {
        EXPECT_FALSE(session.finish().length_out_of_range);
      }
      expect_identical(take_outputs(tensors), expected);
    }
  }
}

/// A length out of range appears only in the status of its own run, whatever other lanes do meanwhile.
TEST(NetworkStreams, AStatusIsOfTheRunsBeforeIt) {
  for (std::uint64_t seed = 0; seed < 60 && !HasFailure(); ++seed) {
    RandomNetwork network = network_of(seed);
    if (!network.tensors.lengths || network.spec.layers[0].forward.B == 0) continue;
    const Tensor right = network.tensors.lengths->clone();
    const Tensor wrong = Tensor::full(right.shape(), 100.0, DType::i32, cuda(0));
    const simt::StreamsInAnyOrder any_order(seed);
    const NetworkTensors tensors = with_outputs(network);
    NetworkSession session(NetworkPlan::create(network.spec, {.chunk_steps = 2}), network.weights);
    for (int run = 0; run < 8; ++run) {
      tensors.lengths->copy_from(run % 2 == 0 ? wrong : right);
      session.run(tensors);
      EXPECT_EQ(session.finish().length_out_of_range, run % 2 == 0) << "seed " << seed << ", run " << run;
    }
  }
}

}  // namespace
}  // namespace rondo::test
