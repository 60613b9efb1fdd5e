// Reserves in the host's memory, with the streams of runs and copies in any order; and what a run asks of the device.

#include <gtest/gtest.h>

#include <algorithm>

#include "cuda/runtime/runtime.h"
#include "device/simt/device/stream_queue.h"
#include "recurrence/reserve.h"
#include "rondo/keras/layers.h"
#include "rondo/tensor/stream.h"
#include "support/compare.h"
#include "support/counted_calls.h"
#include "support/gradient_run.h"

namespace rondo::test {
namespace {

using cuda_runtime::Call;

/// A run of several chunks and its gradients, with and without swapped memory.
class Swapped {
 public:
  explicit Swapped(std::uint64_t seed, GraphUse graph_use = GraphUse::automatic)
      : random_(seed), recurrence_(drawn()), graph_use_(graph_use), upstream_(random_upstream(random_, recurrence_)) {}

  Plan plan(bool swap_memory) const {
    RecurrenceSpec spec = recurrence_.spec;
    spec.swap_memory = swap_memory;
    return Plan::create(spec,
                        {.executor = "cuda_stepwise", .backward_executor = "cuda_stepwise", .graph_use = graph_use_});
  }

  /// The tensors of a session of this plan. They live until the device is done.
  struct Work {
    Session session;
    SessionTensors run;
    SessionGradients gradients;

    void queue() {
      session.run(run);
      session.backward(run, gradients);
    }
    std::vector<Tensor> results() const {
      std::vector<Tensor> results{run.y->to(cpu())};
      const Gradients named{*gradients.x, gradients.initial_state, gradients.reset_state, gradients.weights};
      for (const auto& [name, gradient] : named.all()) results.push_back(gradient.to(cpu()));
      return results;
    }
  };
  /// On the current stream.
  Work work(bool swap_memory) const {
    const Plan made = plan(swap_memory);
    return {Session(made, recurrence_.weights.to(cuda(0)), current_stream(cuda(0))), run_tensors(made, recurrence_),
            unwritten_gradients(made, recurrence_, upstream_)};
  }

 private:
  RandomRecurrence drawn() {
    RandomRecurrence recurrence = random_recurrence(random_, {.B = 2, .T = random_.integer(9, 30)});
    recurrence.spec.device = cuda(0);
    recurrence.spec.keep = random_.coin() ? Keep::gates : Keep::states;
    return recurrence;
  }

  Random random_;
  RandomRecurrence recurrence_;
  GraphUse graph_use_;
  Upstream upstream_;
};

void expect_same(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t k = 0; k < actual.size(); ++k) EXPECT_TRUE(identical(actual[k], expected[k])) << "result " << k;
}

/// The streams wait for each other where they must: in runs that are queued, and in runs that are replayed.
TEST(SwapMemoryOrder, StreamsInAnyOrderGiveTheSameBits) {
  for (std::uint64_t seed = 0; seed < 60 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Swapped recurrence(seed, seed % 2 == 0 ? GraphUse::never : GraphUse::automatic);
    Swapped::Work plain = recurrence.work(false);
    plain.queue();
    const std::vector<Tensor> expected = plain.results();
    Swapped::Work swapped = recurrence.work(true);
    synchronize(current_stream(cuda(0)));
    const simt::StreamsInAnyOrder any_order(seed);
    for (int repeat = 0; repeat < 3; ++repeat) {
      swapped.queue();
      expect_same(swapped.results(), expected);
    }
  }
}

/// A run that is done on its stream has its reserve in the host's memory.
TEST(SwapMemoryOrder, TheStreamOfTheRunWaitsForTheCopies) {
  for (std::uint64_t seed = 0; seed < 20 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Swapped recurrence(seed);
    Swapped::Work swapped = recurrence.work(true);
    synchronize(current_stream(cuda(0)));
    const simt::StreamsInAnyOrder any_order(seed);
    swapped.session.run(swapped.run);
    synchronize(current_stream(cuda(0)));
    const Tensor after_run = swapped.run.reserve->clone();
    simt::run_queued_work();
    EXPECT_TRUE(identical(after_run, *swapped.run.reserve));
  }
}

TEST(SwapMemoryOrder, RunsAllocateNothingAndDoNotWait) {
  const Swapped recurrence(4, GraphUse::never);
  Swapped::Work work = recurrence.work(true);
  const ReserveLayout layout = reserve_layout(work.session.plan().spec(), 0);
  ASSERT_GT(layout.chunks, 4);
  synchronize(current_stream(cuda(0)));
  const CountedCalls calls;
  work.session.run(work.run);
  EXPECT_EQ(calls.of(Call::copy), layout.chunks);
  work.session.backward(work.run, work.gradients);
  for (const Call call : {Call::allocate, Call::deallocate, Call::synchronize}) EXPECT_EQ(calls.of(call), 0);
}

TEST(SwapMemoryOrder, TheReserveTakesNoMemoryOfTheDevice) {
  const Plan plan = Swapped(4).plan(true);
  synchronize(current_stream(cuda(0)));
  const std::size_t before = cuda_runtime::free_bytes(cuda(0));
  const Tensor reserve = plan.empty_reserve();
  EXPECT_EQ(cuda_runtime::free_bytes(cuda(0)), before);
  EXPECT_TRUE(cuda_runtime::is_page_locked(reserve.data()));
  EXPECT_EQ(static_cast<std::size_t>(reserve.numel()), plan.reserve_bytes());
}

/// Page-locked memory is used again, after the work that used it before.
TEST(SwapMemoryOrder, FreedMemoryIsUsedAgain) {
  const Plan plan = Swapped(5).plan(true);
  const void* const first = plan.empty_reserve().data();
  EXPECT_EQ(plan.empty_reserve().data(), first);
}

/// A run on one stream still copies to memory that a run on another stream gets.
TEST(SwapMemoryOrder, FreedMemoryIsNotWrittenByItsLastUse) {
  for (std::uint64_t seed = 0; seed < 40 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Swapped recurrence(seed, GraphUse::never);
    Swapped::Work plain = recurrence.work(false);
    plain.queue();
    const std::vector<Tensor> expected = plain.results();
    const OwnedStream first(cuda(0)), second(cuda(0));
    const simt::StreamsInAnyOrder any_order(seed);
    const void* freed = nullptr;
    {
      const StreamScope scope(first.get());
      Swapped::Work other = recurrence.work(true);
      other.run.x.fill(0.25);
      for (int repeat = 0; repeat < 8; ++repeat) other.session.run(other.run);
      freed = other.run.reserve->data();
    }
    const StreamScope scope(second.get());
    Swapped::Work work = recurrence.work(true);
    EXPECT_EQ(work.run.reserve->data(), freed);
    work.queue();
    expect_same(work.results(), expected);
  }
}

/// The device's memory that a pullback of a layer holds.
std::size_t bytes_of_pullback(bool swap_memory) {
  constexpr std::int64_t kBatch = 4, kSteps = 64, kUnits = 16;
  const auto tensor = [](const Shape& shape) { return Tensor::full(shape, 0.1, DType::f32, cuda(0)); };
  LSTM layer({.units = kUnits}, {.kernel = tensor({3, 4 * kUnits}),
                                 .recurrent_kernel = tensor({kUnits, 4 * kUnits}),
                                 .bias = tensor({4 * kUnits})});
  const Tensor x = tensor({kBatch, kSteps, 3});
  const CallOptions call{.gradients = true, .swap_memory = swap_memory};
  (void)layer(x, call);  // the session stays
  synchronize(current_stream(cuda(0)));
  const std::size_t before = cuda_runtime::free_bytes(cuda(0));
  const LayerResult result = layer(x, call);
  synchronize(current_stream(cuda(0)));
  return before - cuda_runtime::free_bytes(cuda(0));
}

TEST(SwapMemoryOrder, PullbacksOfLayersHoldNoReserveOnTheDevice) {
  constexpr std::size_t kReserve = std::size_t{4} * 64 * 6 * 16 * sizeof(float);
  EXPECT_GT(bytes_of_pullback(false), kReserve);
  EXPECT_LT(bytes_of_pullback(true), kReserve / 10);
}

}  // namespace
}  // namespace rondo::test
