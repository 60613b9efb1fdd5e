// States that go out of a batcher and come into it, by the keys of their streams.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "rondo/serving/stream_batcher.h"
#include "support/compare.h"
#include "support/random.h"
#include "units/serving/random_stack.h"
#include "units/serving/served.h"
#include "units/serving/small_pool.h"

namespace rondo {
namespace {

using test::answer_of;
using test::double_sizes;
using test::ExpectedStream;
using test::identical;
using test::in_threads;
using test::inputs;
using test::outcome_of;
using test::Served;
using test::small_stack;
using test::soon;
using test::steps_of;

const Tensor kStep = steps_of({1});

TEST(BatcherThread, AStateGoesOnUnderAnotherKey) {
  Served served(double_sizes(2, 2, 2));
  served.record->hold();
  ExpectedStream expected;
  auto first = served.send("a", steps_of({1, 2, 3}), true);
  auto state = served.export_state("a");
  auto more = served.send("a", steps_of({9}));
  served.record->release();
  const std::vector<float> before = expected.step(steps_of({1, 2, 3}));
  EXPECT_EQ(answer_of(std::move(first)).y.to_vector<float>(), before);
  const StreamAnswer exported = answer_of(std::move(state));
  ASSERT_EQ(exported.outcome, StreamOutcome::done) << exported.message;
  EXPECT_FALSE(exported.y.defined());
  EXPECT_EQ(outcome_of(std::move(more)), StreamOutcome::done);
  auto imported = served.import_state("b", exported.state);
  auto last = served.send("b", steps_of({4}));  // without start, before the import is answered
  EXPECT_EQ(outcome_of(std::move(imported)), StreamOutcome::done);
  EXPECT_EQ(answer_of(std::move(last)).y.to_vector<float>(), expected.step(steps_of({4})));
  EXPECT_EQ(served.batcher->metrics().open_streams, 2);
  EXPECT_EQ(served.batcher->metrics().requests, 5);
}

TEST(BatcherThread, AStateThatDoesNotFitIsRefusedAtOnce) {
  Served served(double_sizes(1, 1, 1));
  served.record->hold();
  const StreamAnswer answer = answer_of(served.import_state("a", std::vector<std::byte>(3)));
  EXPECT_EQ(answer.outcome, StreamOutcome::invalid);
  EXPECT_EQ(answer.message, "the double has no such states");
  served.record->release();
  EXPECT_EQ(outcome_of(served.send("a", kStep)), StreamOutcome::invalid);
}

TEST(BatcherThread, AStateThatFailsLeavesTheOthersAndNoSlot) {
  Served served(double_sizes(1, 1, 1));
  served.record->fail_states(1);
  const StreamAnswer lost = answer_of(served.import_state("a", std::vector<std::byte>(8)));
  EXPECT_EQ(lost.outcome, StreamOutcome::failed);
  EXPECT_EQ(lost.message, "the double has lost a state");
  EXPECT_EQ(served.record->open_slots(), 0U);
  EXPECT_EQ(outcome_of(served.send("a", kStep, true)), StreamOutcome::done);
  served.record->fail_states(1);
  EXPECT_EQ(outcome_of(served.export_state("a")), StreamOutcome::failed);
  EXPECT_EQ(answer_of(served.send("a", kStep)).y.to_vector<float>(), std::vector<float>{4});
  EXPECT_EQ(served.batcher->metrics().open_streams, 1);
}

TEST(BatcherThread, AStateThatStepsWantComesWithTheirCall) {
  Served served(double_sizes(2, 2, 8));
  ExpectedStream expected;
  const StreamAnswer first = answer_of(served.send_wanting_state("a", steps_of({1, 2, 3}), true));
  EXPECT_EQ(first.y.to_vector<float>(), expected.step(steps_of({1, 2, 3})));
  EXPECT_EQ(served.record->calls().size(), 1U);
  EXPECT_EQ(first.state, answer_of(served.export_state("a")).state);
  EXPECT_TRUE(answer_of(served.send("a", kStep)).state.empty());
  EXPECT_EQ(outcome_of(served.import_state("b", first.state)), StreamOutcome::done);
  EXPECT_EQ(answer_of(served.send("b", steps_of({4}))).y.to_vector<float>(), expected.step(steps_of({4})));
}

TEST(BatcherThread, AStateIsThatBehindTheStepsThatWantIt) {
  Served served(double_sizes(1, 1, 8));
  served.record->hold();
  auto first = served.send_wanting_state("a", steps_of({1, 2}), true);
  auto second = served.send_wanting_state("a", steps_of({3}));
  auto third = served.send("a", steps_of({5}));
  served.record->release();
  const std::vector<std::byte> before = answer_of(std::move(first)).state;
  const std::vector<std::byte> after = answer_of(std::move(second)).state;
  EXPECT_EQ(outcome_of(std::move(third)), StreamOutcome::done);
  ExpectedStream expected;
  (void)expected.step(steps_of({1, 2}));
  (void)answer_of(served.send("a", {}, false, true));
  EXPECT_EQ(outcome_of(served.import_state("a", before)), StreamOutcome::done);
  EXPECT_EQ(answer_of(served.send("a", steps_of({3}))).y.to_vector<float>(), expected.step(steps_of({3})));
  EXPECT_EQ(answer_of(served.export_state("a")).state, after);
}

TEST(BatcherThread, AStreamThatEndsHasNoStateToGive) {
  Served served(double_sizes(1, 1, 1));
  const StreamAnswer answer = answer_of(served.send_wanting_state("a", kStep, true, true));
  EXPECT_EQ(answer.outcome, StreamOutcome::invalid);
  EXPECT_EQ(answer.message,
            "wants_state: got true with end, expected one of the two, as a stream that ends has no state");
}

TEST(BatcherThread, StepsWhoseStateFailsHaveFailed) {
  Served served(double_sizes(1, 1, 1));
  served.record->fail_states(1);
  const StreamAnswer lost = answer_of(served.send_wanting_state("a", kStep, true));
  EXPECT_EQ(lost.outcome, StreamOutcome::failed);
  EXPECT_EQ(lost.message, "the double has lost a state");
  EXPECT_FALSE(lost.y.defined());
  EXPECT_TRUE(lost.state.empty());
  EXPECT_EQ(served.record->open_slots(), 0U);
  EXPECT_EQ(served.batcher->metrics().open_streams, 0);
  EXPECT_EQ(outcome_of(served.send("a", kStep)), StreamOutcome::invalid);
  EXPECT_EQ(outcome_of(served.send_wanting_state("a", kStep, true)), StreamOutcome::done);
  served.record->fail(1);
  EXPECT_EQ(outcome_of(served.send_wanting_state("a", kStep)), StreamOutcome::failed);  // the call itself
  EXPECT_EQ(served.record->open_slots(), 0U);
}

TEST(BatcherThread, AFullQueueRefusesStates) {
  Served served(double_sizes(1, 1, 1), {.max_waiting = 1});
  served.record->hold();
  auto running = served.send("a", kStep, true);
  ASSERT_TRUE(served.record->await_calls(1));
  auto waiting = served.export_state("a");
  EXPECT_EQ(outcome_of(served.export_state("a")), StreamOutcome::queue_full);
  EXPECT_EQ(outcome_of(served.import_state("b", std::vector<std::byte>(8))), StreamOutcome::queue_full);
  served.record->release();
  EXPECT_EQ(outcome_of(std::move(running)), StreamOutcome::done);
  EXPECT_EQ(outcome_of(std::move(waiting)), StreamOutcome::done);
}

// Streams of many threads move between two batchers of two pools, and emit what they emit alone.
TEST(StreamBatcher, StreamsThatMoveBetweenBatchersKeepTheirBits) {
  const StatePoolOptions options{.slots = 4, .max_rows = 3, .max_steps = 2, .network = {.threads = 1}};
  StreamBatcher batchers[] = {StreamBatcher(StatePool(small_stack(), options)),
                              StreamBatcher(StatePool(small_stack(), options))};
  in_threads(4, [&](int thread) {
    const Tensor x = inputs(static_cast<std::uint64_t>(thread), 40);
    const Tensor expected = test::stream_alone(small_stack(), x, {.threads = 1});
    const std::string key = "stream " + std::to_string(thread);
    int here = thread % 2;
    for (std::int64_t at = 0; at < 40; at += 4) {
      const bool wants = at % 8 == 0;
      auto first =
          batchers[here].submit({.stream = key, .x = x.slice(0, at, at + 3), .start = at == 0, .wants_state = wants});
      auto state = batchers[here].export_state(key);
      auto end = batchers[here].submit({.stream = key, .end = true});
      const StreamAnswer stepped = first.get();
      const std::vector<std::byte> exported = state.get().state;
      EXPECT_TRUE(identical(stepped.y, expected.slice(0, at, at + 3).contiguous()));
      EXPECT_EQ(stepped.state, wants ? exported : std::vector<std::byte>());
      EXPECT_EQ(end.get().outcome, StreamOutcome::done);
      here = 1 - here;
      auto imported = batchers[here].import_state(key, exported);
      auto last = batchers[here].submit({.stream = key, .x = x.slice(0, at + 3, at + 4)});
      EXPECT_EQ(imported.get().outcome, StreamOutcome::done);
      EXPECT_TRUE(identical(last.get().y, expected.slice(0, at + 3, at + 4).contiguous()));
    }
  });
}

TEST(StreamBatcher, AStateOfAnotherModelIsRefused) {
  test::Random random(5);
  StatePool other(test::random_stack(random, {CellKind::gru}), {.slots = 1, .max_rows = 1});
  StreamBatcher batcher(StatePool(small_stack(), {.slots = 1, .max_rows = 1}));
  const StreamAnswer answer = batcher.import_state("a", other.export_state(other.open())).get();
  EXPECT_EQ(answer.outcome, StreamOutcome::invalid);
  EXPECT_NE(answer.message.find("fingerprint"), std::string::npos) << answer.message;
  EXPECT_EQ(batcher.import_state("a", {}).get().outcome, StreamOutcome::invalid);
}

}  // namespace
}  // namespace rondo
