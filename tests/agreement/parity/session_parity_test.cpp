// The guarantees of a Session on a CUDA device besides numbers: no allocation and no synchronisation in a run,
// recording in a caller's graph, lengths read from the device, and errors that say what to do.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "cuda/runtime/runtime.h"
#include "rondo/plan/plan.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/counted_calls.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

using cuda_runtime::Call;

constexpr std::int64_t T = 6;
constexpr std::int64_t B = 4;
constexpr std::int64_t I = 3;
constexpr std::int64_t H = 8;

/// An LSTM with lengths, on the device.
struct Fixture {
  Device device = device_under_test();
  RecurrenceSpec spec{.cell = {.kind = CellKind::lstm, .units = H},
                      .T = T,
                      .B = B,
                      .I = I,
                      .device = device_under_test(),
                      .rules = {.dead = DeadOutput::zeros},
                      .has_lengths = true};
  RecurrentWeights weights;
  SessionTensors tensors;

  Fixture() {
    Random random(7);
    weights = {random.tensor({I, 4 * H}, 1.0).to(device), random.tensor({H, 4 * H}, 0.3).to(device),
               random.tensor({4 * H}, 0.5).to(device)};
    tensors = {.x = random.tensor({T, B, I}, 1.0).to(device),
               .lengths = Tensor::from<std::int32_t>({6, 3, 0, 5}, {B}, device),
               .y = Tensor::empty({T, B, H}, DType::f32, device),
               .final_state = {Tensor::empty({B, H}, DType::f32, device), Tensor::empty({B, H}, DType::f32, device)}};
  }

  Plan plan(GraphUse use = GraphUse::automatic) const { return Plan::create(spec, {.graph_use = use}); }
};

TEST(SessionParity, ARunNeitherAllocatesNorSynchronises) {
  for (const GraphUse use : {GraphUse::never, GraphUse::automatic}) {
    const Fixture fixture;
    Session session(fixture.plan(use), fixture.weights);
    const CountedCalls calls;
    for (int run = 0; run < 4; ++run) session.run(fixture.tensors);
    EXPECT_EQ(calls.of(Call::allocate), 0);
    EXPECT_EQ(calls.of(Call::deallocate), 0);
    EXPECT_EQ(calls.of(Call::copy), 0);
    EXPECT_EQ(calls.of(Call::synchronize), 0);
    EXPECT_GT(calls.of(Call::launch), 0);
    EXPECT_EQ(calls.of(Call::record_graph), use == GraphUse::never ? 0 : 1);
    EXPECT_EQ(calls.of(Call::replay_graph), use == GraphUse::never ? 0 : 3);
  }
}

TEST(SessionParity, TheHookSeesAllocationsAndWaits) {
  const CountedCalls calls;
  const Tensor tensor = Tensor::zeros({3}, DType::f32, device_under_test());
  (void)tensor.to_vector<float>();
  EXPECT_GT(calls.of(Call::allocate), 0);
  EXPECT_GT(calls.of(Call::synchronize), 0);
  EXPECT_GT(calls.of(Call::copy), 0);
}

/// A session drops recordings when a caller alternates between more sets of tensors than it keeps; results stay right.
TEST(SessionParity, ManySetsOfTensorsTakeTurns) {
  const Fixture fixture;
  Session session(fixture.plan(), fixture.weights);
  session.run(fixture.tensors);
  const Tensor expected = fixture.tensors.y->to(cpu());
  std::vector<SessionTensors> sets(20, fixture.tensors);
  for (int round = 0; round < 3; ++round) {
    for (SessionTensors& set : sets) {
      set.y = Tensor::full({T, B, H}, -1.0, DType::f32, fixture.device);
      session.run(set);
      EXPECT_TRUE(identical(set.y->to(cpu()), expected));
    }
  }
}

TEST(SessionParity, ACallersGraphServesChangingLengths) {
  const Fixture fixture;
  const cuda_runtime::OwnedStream stream(fixture.device);
  synchronize(current_stream(fixture.device));
  Session session(fixture.plan(), fixture.weights, stream.get());
  const auto graph = cuda_runtime::Graph::record(stream.get(), [&] { session.run(fixture.tensors); });
  for (const std::vector<std::int32_t>& lengths : {std::vector<std::int32_t>{6, 6, 6, 6}, {0, 1, 2, 3}}) {
    fixture.tensors.lengths->copy_from(Tensor::from(lengths, {B}));
    graph.replay(stream.get());
    synchronize(stream.get());
    const Tensor replayed = fixture.tensors.y->to(cpu());
    session.run(fixture.tensors);
    synchronize(stream.get());
    EXPECT_TRUE(identical(replayed, fixture.tensors.y->to(cpu())));
    for (std::int64_t b = 0; b < B; ++b) {
      const Tensor dead = replayed.select(1, b).slice(0, lengths[static_cast<std::size_t>(b)], T);
      if (dead.numel() > 0) {
        EXPECT_EQ(largest_magnitude(dead), 0.0);
      }
    }
  }
}

TEST(SessionParity, LengthsOutOfRangeAreClampedAndReported) {
  const Fixture fixture;
  Session session(fixture.plan(), fixture.weights);
  session.run(fixture.tensors);
  EXPECT_FALSE(session.finish().length_out_of_range);
  const Tensor sound = fixture.tensors.y->to(cpu());
  for (const std::vector<std::int32_t>& lengths : {std::vector<std::int32_t>{7, 3, 0, 5}, {6, 3, -2, 5}}) {
    fixture.tensors.lengths->copy_from(Tensor::from(lengths, {B}));
    session.run(fixture.tensors);
    EXPECT_TRUE(session.finish().length_out_of_range);
    EXPECT_FALSE(session.finish().length_out_of_range) << "asked again";
    EXPECT_TRUE(identical(fixture.tensors.y->to(cpu()), sound));
  }
}

TEST(SessionParity, ACallersWorkspaceDoes) {
  const Fixture fixture;
  const Plan plan = Plan::create(fixture.spec, {.executor = "cuda_stepwise"});  // others may need none
  Session own(plan, fixture.weights);
  own.run(fixture.tensors);
  const Tensor expected = fixture.tensors.y->to(cpu());
  const auto bytes = static_cast<std::int64_t>(plan.workspace_bytes());
  const Tensor workspace = Tensor::empty({bytes}, DType::boolean, fixture.device);
  const std::size_t before = cuda_runtime::free_bytes(fixture.device);
  Session session(plan, fixture.weights, std::nullopt, workspace);
  EXPECT_LT(before - cuda_runtime::free_bytes(fixture.device), static_cast<std::size_t>(bytes) / 10)
      << "flags and packed weights, and nothing as large as a workspace";
  session.run(fixture.tensors);
  EXPECT_TRUE(identical(fixture.tensors.y->to(cpu()), expected));

  expect_words([&] { Session(plan, fixture.weights, std::nullopt, workspace.slice(0, 0, bytes - 1)); },
               {"workspace", std::to_string(bytes) + " bytes"});
  expect_words([&] { Session(plan, fixture.weights, std::nullopt, Tensor::empty({bytes}, DType::boolean)); },
               {"workspace", "on cpu", to_string(fixture.device)});
  const Tensor larger = Tensor::empty({bytes + 64}, DType::boolean, fixture.device);
  expect_words([&] { Session(plan, fixture.weights, std::nullopt, larger.slice(0, 64, bytes + 64)); },
               {"workspace", "aligned to 64", "aligned to 256"});
}

TEST(SessionParity, ATensorOnTheWrongDeviceIsNamed) {
  const Fixture fixture;
  Session session(fixture.plan(), fixture.weights);
  SessionTensors tensors = fixture.tensors;
  tensors.x = tensors.x.to(cpu());
  expect_words([&] { session.run(tensors); }, {"x", "on cpu", to_string(fixture.device)});
  tensors = fixture.tensors;
  tensors.lengths = tensors.lengths->to(cpu());
  expect_words([&] { session.run(tensors); }, {"lengths", "on cpu", to_string(fixture.device)});
  RecurrentWeights weights = fixture.weights;
  weights.bias = weights.bias->to(cpu());
  expect_words([&] { Session(fixture.plan(), weights); }, {"bias", "on cpu", to_string(fixture.device)});
  std::vector<float> host(T * B * I);
  expect_words(
      [&] {
        (void)Tensor::borrow_device(host.data(), {T, B, I}, DType::f32, fixture.device);
      },
      {"data", "not on " + to_string(fixture.device)});
}

TEST(SessionParity, AGapInTheInnermostAxisIsNamed) {
  const Fixture fixture;
  Session session(fixture.plan(), fixture.weights);
  SessionTensors tensors = fixture.tensors;
  tensors.x = Tensor::zeros({T, B, 2 * I}, DType::f32, fixture.device).slice(2, 0, 2 * I, 2);
  expect_words([&] { session.run(tensors); }, {"x", "innermost stride of 2"});
}

TEST(SessionParity, MemoryThatIsNotThereIsNamedAndNothingIsLost) {
  const Fixture fixture;
  constexpr std::int64_t kTooMuch = std::int64_t{1} << 50;
  const std::size_t before = cuda_runtime::free_bytes(fixture.device);
  try {
    (void)Tensor::empty({kTooMuch}, DType::boolean, fixture.device);
    FAIL() << "no error";
  } catch (const RuntimeError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("asked for " + std::to_string(kTooMuch) + " bytes"), std::string::npos) << message;
    EXPECT_NE(message.find("are free"), std::string::npos) << message;
  }
  EXPECT_EQ(cuda_runtime::free_bytes(fixture.device), before);
  Session(fixture.plan(), fixture.weights).run(fixture.tensors);
  synchronize(current_stream(fixture.device));
}

/// The hook runs in the middle of a run, and another thread then uses the same session.
TEST(SessionParity, ASecondThreadIsRefused) {
  static const Fixture* fixture = nullptr;
  static Session* session = nullptr;
  static std::string message;
  const Fixture its_fixture;
  Session its_session(its_fixture.plan(GraphUse::never), its_fixture.weights);
  fixture = &its_fixture;
  session = &its_session;
  cuda_runtime::observe_calls([](Call) {
    cuda_runtime::observe_calls(nullptr);
    std::thread([] {
      try {
        session->run(fixture->tensors);
      } catch (const RuntimeError& error) {
        message = error.what();
      }
    }).join();
  });
  its_session.run(its_fixture.tensors);
  EXPECT_NE(message.find("a second thread"), std::string::npos) << message;
  EXPECT_NE(message.find("one session for each thread"), std::string::npos) << message;
  its_session.run(its_fixture.tensors);
  synchronize(current_stream(its_fixture.device));
}

TEST(SessionParity, ManyThreadsShareAPlan) {
  const Fixture fixture;
  const Plan plan = fixture.plan();
  Session(plan, fixture.weights).run(fixture.tensors);
  const Tensor expected = fixture.tensors.y->to(cpu());
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int k = 0; k < 3; ++k) {
    threads.emplace_back([&] {
      const cuda_runtime::OwnedStream stream(fixture.device);
      const StreamScope scope(stream.get());
      SessionTensors tensors = fixture.tensors;
      tensors.y = Tensor::empty({T, B, H}, DType::f32, fixture.device);
      tensors.final_state.clear();
      Session session(plan, fixture.weights, stream.get());
      for (int run = 0; run < 5; ++run) {
        session.run(tensors);
        if (!identical(tensors.y->to(cpu()), expected)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

/// After RONDO_TEST_SOAK runs in one process, the device's memory is as before.
TEST(Soak, MemoryStaysFlat) {
  const char* count = std::getenv("RONDO_TEST_SOAK");
  const int runs = count == nullptr ? 200 : std::atoi(count);
  const Fixture fixture;
  std::size_t flat = 0;
  for (int run = 0; run < runs; ++run) {
    // Every tenth run makes a new session. A session gets two sets of tensors, so that graphs are made and dropped.
    static std::unique_ptr<Session> session;
    if (run % 10 == 0) session = std::make_unique<Session>(fixture.plan(), fixture.weights);
    SessionTensors tensors = fixture.tensors;
    if (run % 3 == 0) tensors.y = Tensor::empty({T, B, H}, DType::f32, fixture.device);
    session->run(tensors);
    if (run == runs / 10) {
      session.reset();
      synchronize(current_stream(fixture.device));
      flat = cuda_runtime::free_bytes(fixture.device);
      session = std::make_unique<Session>(fixture.plan(), fixture.weights);
    }
    if (run + 1 == runs) session.reset();
  }
  synchronize(current_stream(fixture.device));
  EXPECT_EQ(cuda_runtime::free_bytes(fixture.device), flat);
}

}  // namespace
}  // namespace rondo::test
