// Gradients of networks on a CUDA device: against the reference in f64 on the CPU, and with reserves in the host's
// memory in the bits that they have without.

#include <gtest/gtest.h>

#include <cmath>

#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"
#include "support/gradient_run.h"
#include "support/network_gradients.h"

namespace rondo::test {
namespace {

using Named = std::map<std::string, Tensor>;

const NetworkOptions kStepwise{.executor = "cuda_stepwise", .backward_executor = "cuda_stepwise"};

/// The gradients after the last of `repeats` runs with the same tensors, so that runs are recorded and replayed.
Named gradients_of(const RandomNetwork& network, const NetworkOptions& options, const NetworkGradients& upstream,
                   int repeats = 1) {
  const NetworkPlan plan = NetworkPlan::create(network.spec, options);
  NetworkSession session(plan, network.weights);
  NetworkTensors run = with_outputs(network);
  run.reserve = plan.empty_reserve();
  const NetworkGradients gradients = unwritten_gradients(network, upstream);
  for (int repeat = 0; repeat < repeats; ++repeat) {
    session.run(run);
    session.backward(run, gradients);
  }
  return take_gradients(gradients);
}

/// The gradients given, as the device has them.
NetworkGradients moved(const NetworkGradients& upstream, DType dtype, Device device) {
  NetworkGradients result = upstream;
  const auto move = [&](Tensor& tensor) { tensor = tensor.to(dtype).to(device); };
  if (result.y) move(*result.y);
  for (NetworkLayerGradients& layer : result.layers) {
    for (DirectionGradients* direction : {&layer.forward, &layer.backward}) {
      if (direction->last_output) move(*direction->last_output);
      for (Tensor& state : direction->final_state) move(state);
    }
  }
  return result;
}

double length_of(const Named& tensors) {
  double square = 0;
  for (const auto& [name, tensor] : tensors) square += square_of(tensor);
  return std::sqrt(square);
}

TEST(NetworkGradientParity, AreNearTheReference) {
  for (std::uint64_t seed = 0; seed < 150 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const RandomNetwork drawn =
        keeping(random_network(random), [&](const RecurrenceSpec& spec) { return random_keep(random, spec); });
    const RandomNetwork exact = keeping(moved(drawn, DType::f64, cpu()), [](RecurrenceSpec spec) {
      spec.keep = Keep::gates;
      spec.segment = 0;
      return spec;
    });
    const NetworkGradients upstream = random_network_upstream(random, with_outputs(exact));
    const Named expected = gradients_of(exact, {.executor = "reference", .backward_executor = "reference"}, upstream);
    const RandomNetwork on_device = moved(drawn, DType::f64, device_under_test());
    const Named actual = gradients_of(on_device, kStepwise, moved(upstream, DType::f64, device_under_test()));
    const double tolerance = 1e-10 * std::max(1.0, length_of(expected));
    for (const auto& [name, gradient] : expected) EXPECT_TRUE(within(actual.at(name), gradient, tolerance)) << name;
  }
}

TEST(NetworkGradientParity, SwappedReservesGiveTheSameBits) {
  int sequences = 0;
  for (std::uint64_t seed = 0; seed < 150 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const RandomNetwork plain =
        keeping(moved(random_network(random), DType::f32, device_under_test()), [&](RecurrenceSpec spec) {
          spec.keep = random.coin() ? Keep::gates : Keep::states;
          return spec;
        });
    const RandomNetwork swapped = keeping(plain, [](RecurrenceSpec spec) {
      spec.swap_memory = true;
      return spec;
    });
    const NetworkGradients upstream = random_network_upstream(random, with_outputs(plain));
    const Named expected = gradients_of(plain, kStepwise, upstream, 3);
    expect_identical(gradients_of(swapped, {}, upstream, 3), expected);
    sequences += static_cast<int>(plain.spec.layers.size()) - 1;
  }
  EXPECT_GT(sequences, 50);
}

/// Each of them has what its gradients need in its own reserve.
TEST(NetworkGradientParity, ManySwappedRunsAwaitTheirGradients) {
  Random random(3);
  const auto network_of = [&](bool swap_memory) {
    return keeping(moved(plain_network(17, 3, 5), DType::f32, device_under_test()), [=](RecurrenceSpec spec) {
      spec.keep = Keep::gates;
      spec.swap_memory = swap_memory;
      return spec;
    });
  };
  const NetworkTensors tensors = with_outputs(network_of(false));
  const NetworkGradients upstream = random_network_upstream(random, tensors);
  const Tensor other = random.tensor(tensors.x.shape(), 1.0).to(device_under_test());
  const auto gradients = [&](bool swap_memory) {
    const RandomNetwork network = network_of(swap_memory);
    const NetworkPlan plan = NetworkPlan::create(network.spec, kStepwise);
    NetworkSession session(plan, network.weights);
    NetworkTensors first = with_outputs(network);
    first.reserve = plan.empty_reserve();
    NetworkTensors second = with_outputs(network);
    second.x = other;
    second.reserve = plan.empty_reserve();
    session.run(first);
    session.run(second);
    std::vector<Named> results;
    for (const NetworkTensors* run : {&first, &second, &first}) {
      const NetworkGradients wanted = unwritten_gradients(network, upstream);
      session.backward(*run, wanted);
      results.push_back(take_gradients(wanted));
    }
    return results;
  };
  const std::vector<Named> expected = gradients(false);
  const std::vector<Named> actual = gradients(true);
  for (std::size_t k = 0; k < expected.size(); ++k) expect_identical(actual[k], expected[k]);
}

TEST(NetworkGradientParity, SwappedReservesAreInTheHostsMemory) {
  const RandomNetwork network =
      keeping(moved(plain_network(6, 2, 3), DType::f32, device_under_test()), [](RecurrenceSpec spec) {
        spec.keep = Keep::gates;
        spec.swap_memory = true;
        return spec;
      });
  const NetworkPlan plan = NetworkPlan::create(network.spec);
  EXPECT_EQ(plan.empty_reserve().device(), cpu());
  NetworkSession session(plan, network.weights);
  NetworkTensors run = with_outputs(network);
  const auto bytes = static_cast<std::int64_t>(plan.reserve_bytes());
  run.reserve = Tensor::empty({bytes}, DType::u8, device_under_test());
  expect_words([&] { session.run(run); }, {"reserve", "on cpu, page-locked", "swap_memory"});
  run.reserve = Tensor::empty({bytes}, DType::u8);
  expect_words([&] { session.run(run); }, {"reserve", "that is not page-locked"});
}

}  // namespace
}  // namespace rondo::test
