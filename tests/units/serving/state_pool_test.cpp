#include "rondo/serving/state_pool.h"

#include <gtest/gtest.h>

#include <thread>

#include "small_pool.h"
#include "support/compare.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

TEST(StatePool, AStreamHasTheBitsOfASessionOfItsOwn) {
  StatePool pool(small_stack(), {.slots = 3, .max_rows = 2, .max_steps = 7});
  const Tensor x = inputs(2, 7);
  const Tensor expected = stream_alone(small_stack(), x);
  EXPECT_TRUE(identical(run_chunk(pool, {.slot = pool.open(), .steps = 7}, x), expected));

  const std::vector<std::int64_t> slots = {pool.open(), pool.open()};
  const Tensor others = inputs(3, 10);
  for (const std::int64_t t : {0, 3, 6}) {
    const std::int64_t steps = std::min<std::int64_t>(3, 7 - t);
    const Tensor both = Tensor::empty({steps + 2, 5}, DType::f32);
    both.slice(0, 0, 2).copy_from(others.slice(0, t, t + 2));
    both.slice(0, 2, steps + 2).copy_from(x.slice(0, t, t + steps));
    const Tensor y = outputs(steps + 2);
    pool.run(std::vector<StreamChunk>{{.slot = slots[0], .steps = 2}, {.slot = slots[1], .steps = steps}}, both, y);
    EXPECT_TRUE(identical(y.slice(0, 2, steps + 2), expected.slice(0, t, t + steps)));
  }
}

TEST(StatePool, RowsMayLieApart) {
  StatePool pool(small_stack(), {.slots = 2, .max_rows = 2, .max_steps = 4});
  const Tensor x = inputs(2, 6);
  const Tensor wide_x = Tensor::zeros({6, 8}, DType::f32);
  wide_x.slice(1, 2, 7).copy_from(x);
  const Tensor wide_y = Tensor::zeros({6, 20}, DType::f32);
  const std::vector<StreamChunk> chunks = {{.slot = pool.open(), .steps = 2}, {.slot = pool.open(), .steps = 4}};
  pool.run(chunks, wide_x.slice(1, 2, 7), wide_y.slice(1, 1, 10));
  EXPECT_TRUE(
      identical(wide_y.slice(1, 1, 10).slice(0, 0, 2).contiguous(), stream_alone(small_stack(), x.slice(0, 0, 2))));
  EXPECT_TRUE(
      identical(wide_y.slice(1, 1, 10).slice(0, 2, 6).contiguous(), stream_alone(small_stack(), x.slice(0, 2, 6))));
}

TEST(StatePool, LongChunksAreCutIntoParts) {
  StatePool pool(small_stack(), {.slots = 2, .max_rows = 2, .max_steps = 1000});
  const Tensor x = inputs(2, 300);
  const Tensor y = outputs(300);
  const std::vector<StreamChunk> chunks = {{.slot = pool.open(), .steps = 100}, {.slot = pool.open(), .steps = 200}};
  pool.run(chunks, x, y);
  EXPECT_TRUE(identical(y.slice(0, 0, 100).contiguous(), stream_alone(small_stack(), x.slice(0, 0, 100))));
  EXPECT_TRUE(identical(y.slice(0, 100, 300).contiguous(), stream_alone(small_stack(), x.slice(0, 100, 300))));
}

TEST(StatePool, StartBeginsAnewAndEndFreesTheSlot) {
  StatePool pool(small_stack(), {.slots = 1, .max_rows = 1, .max_steps = 4});
  const std::int64_t slot = pool.open();
  const Tensor x = inputs(2, 4);
  const Tensor first = run_chunk(pool, {.slot = slot, .steps = 4}, x);
  EXPECT_FALSE(identical(run_chunk(pool, {.slot = slot, .steps = 4}, x), first));
  EXPECT_TRUE(identical(run_chunk(pool, {.slot = slot, .steps = 4, .start = true, .end = true}, x), first));
  EXPECT_FALSE(pool.is_open(slot));
  EXPECT_EQ(pool.open(), slot);
  EXPECT_TRUE(identical(run_chunk(pool, {.slot = slot, .steps = 4}, x), first));
}

TEST(StatePool, StreamsBeginAtTheRestStateThatWasSaved) {
  StatePool pool(small_stack(), {.slots = 3, .max_rows = 1, .max_steps = 8});
  const Tensor x = inputs(2, 8);
  const Tensor expected = stream_alone(small_stack(), x);
  const std::int64_t slot = pool.open();
  (void)run_chunk(pool, {.slot = slot, .steps = 5}, x.slice(0, 0, 5));
  pool.save_rest_state(slot);
  const std::int64_t other = pool.open();
  pool.save_rest_state(other);  // it is at the rest state, which stays
  EXPECT_EQ(pool.export_state(other), pool.export_state(slot));
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(identical(run_chunk(pool, {.slot = other, .steps = 3, .start = true}, x.slice(0, 5, 8)),
                          expected.slice(0, 5, 8).contiguous()));
  }
  pool.clear_rest_state();
  EXPECT_TRUE(identical(run_chunk(pool, {.slot = other, .steps = 8, .start = true}, x), expected));
}

TEST(StatePool, AStateGoesOnInAnotherPool) {
  StatePool pool(small_stack(), {.slots = 3, .max_rows = 1, .max_steps = 8});
  const Tensor x = inputs(2, 8);
  const std::int64_t slot = pool.open();
  (void)run_chunk(pool, {.slot = slot, .steps = 5}, x.slice(0, 0, 5));
  StatePool other(small_stack(), {.slots = 70, .max_rows = 40, .max_steps = 3});
  EXPECT_EQ(other.fingerprint(), pool.fingerprint());
  (void)other.open();
  const std::int64_t there = other.open();
  other.import_state(there, pool.export_state(slot));
  EXPECT_EQ(other.export_state(there), pool.export_state(slot));
  EXPECT_TRUE(identical(run_chunk(other, {.slot = there, .steps = 3}, x.slice(0, 5, 8)),
                        stream_alone(small_stack(), x).slice(0, 5, 8).contiguous()));
}

TEST(StatePool, FingerprintsTellModelsApart) {
  const auto fingerprint = [](const LoadedNetwork& network) {
    return StatePool(network, {.slots = 1, .max_rows = 1}).fingerprint();
  };
  const std::uint64_t expected = fingerprint(small_stack());
  LoadedNetwork other = small_stack();
  other.spec.layers[1].forward.cell.activation = Activation::Kind::relu;
  EXPECT_NE(fingerprint(other), expected);
  other = small_stack();
  other.weights[1].forward.kernel = other.weights[1].forward.kernel.clone();
  EXPECT_EQ(fingerprint(other), expected);
  other.weights[1].forward.kernel.data<float>()[3] += 1e-7F;
  EXPECT_NE(fingerprint(other), expected);
}

TEST(StatePool, TheLeastRecentlyUsedStreamIsEvicted) {
  std::vector<std::pair<std::int64_t, EvictionReason>> evicted;
  StatePool pool(small_stack(), {.slots = 3,
                                 .max_rows = 2,
                                 .eviction = EvictionPolicy::least_recently_used,
                                 .on_eviction = [&](std::int64_t slot, EvictionReason why) {
                                   evicted.push_back({slot, why});
                                 }});
  const std::int64_t a = pool.open();
  const std::int64_t b = pool.open();
  const std::int64_t c = pool.open();
  (void)run_chunk(pool, {.slot = a}, inputs(1, 1));
  EXPECT_EQ(pool.open(), b);
  EXPECT_EQ(pool.open(), c);
  EXPECT_EQ(pool.open(), a);
  const std::vector<std::pair<std::int64_t, EvictionReason>> expected = {
      {b, EvictionReason::no_free_slot}, {c, EvictionReason::no_free_slot}, {a, EvictionReason::no_free_slot}};
  EXPECT_EQ(evicted, expected);
  EXPECT_EQ(pool.open_slots(), 3);
}

TEST(StatePool, IdleStreamsAreEvicted) {
  std::vector<std::vector<std::byte>> states;
  StatePool* told = nullptr;
  StatePool pool(small_stack(), {.slots = 3, .max_rows = 1, .on_eviction = [&](std::int64_t slot, EvictionReason why) {
                                   EXPECT_EQ(why, EvictionReason::idle);
                                   states.push_back(told->export_state(slot));
                                 }});
  told = &pool;
  const std::int64_t a = pool.open();
  (void)run_chunk(pool, {.slot = a}, inputs(1, 1));
  const std::vector<std::byte> state = pool.export_state(a);
  EXPECT_EQ(pool.evict_idle(std::chrono::hours(1)), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(pool.evict_idle(std::chrono::milliseconds(1)), 1);
  EXPECT_FALSE(pool.is_open(a));
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states[0], state);
}

TEST(StatePool, ItsSizesAreThoseOfTheStates) {
  const StatePool pool(small_stack(), {.slots = 5, .max_rows = 2});
  EXPECT_EQ(pool.slot_bytes(), 3U * 9 * sizeof(float));  // h and c, and the h of the upper layer
  EXPECT_EQ(pool.state_bytes(), 5 * pool.slot_bytes());
  EXPECT_EQ(pool.input_features(), 5);
  EXPECT_EQ(pool.output_features(), 9);
  EXPECT_NE(pool.explain().find("layers[1].forward: "), std::string::npos) << pool.explain();
}

}  // namespace
}  // namespace rondo::test
