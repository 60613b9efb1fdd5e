#include <cstring>
#include <memory>

#include "rondo/formats/pytorch_weights.h"
#include "rondo/formats/safetensors.h"
#include "rondo/serving/state_pool.h"
#include "units/c_api/c_support.h"

namespace rondo {
namespace {

constexpr std::int64_t I = 3;

rondo_network* forecast() {
  rondo_network* network = nullptr;
  EXPECT_EQ(rondo_network_load(RONDO_TEST_PYTORCH, nullptr, &network), RONDO_OK) << rondo_last_error();
  return network;
}

rondo_pool* pool_of(rondo_pool_options options) {
  rondo_network* network = forecast();
  rondo_pool* pool = nullptr;
  EXPECT_EQ(rondo_pool_create(network, &options, &pool), RONDO_OK) << rondo_last_error();
  EXPECT_EQ(rondo_network_close(network), RONDO_OK);
  return pool;
}

rondo_pool_options three_slots() {
  auto options = sized<rondo_pool_options>();
  options.slots = 3;
  options.max_rows = 2;
  options.max_steps = 4;
  return options;
}

std::int64_t opened(rondo_pool* pool) {
  std::int64_t slot = -7;
  EXPECT_EQ(rondo_pool_open_slot(pool, &slot), RONDO_OK) << rondo_last_error();
  return slot;
}

rondo_stream_chunk chunk_of(std::int64_t slot, std::int64_t steps) {
  auto chunk = sized<rondo_stream_chunk>();
  chunk.slot = slot;
  chunk.steps = steps;
  return chunk;
}

// The outputs of one chunk of equal inputs.
std::vector<float> step(rondo_pool* pool, std::int64_t slot, std::int64_t steps, float value) {
  const rondo_stream_chunk chunk = chunk_of(slot, steps);
  CTensor x({steps, I}, value), y({steps, 24}, 0);
  EXPECT_EQ(rondo_pool_run(pool, &chunk, 1, &x.view, &y.view), RONDO_OK) << rondo_last_error();
  return y.values;
}

TEST(CPool, RunsAsAPoolOfCpp) {
  rondo_pool* pool = pool_of(three_slots());
  const Safetensors file = load_safetensors(RONDO_TEST_PYTORCH);
  StatePool same(pytorch_network(file, {.prefix = "lstm."}), {.slots = 3, .max_rows = 2, .max_steps = 4});
  auto info = sized<rondo_pool_info>();
  ASSERT_EQ(rondo_pool_describe(pool, &info), RONDO_OK);
  EXPECT_EQ(info.fingerprint, same.fingerprint());
  EXPECT_EQ(info.slot_bytes, same.slot_bytes());
  EXPECT_EQ(info.open_slots, 0);

  const rondo_stream_chunk chunks[] = {chunk_of(opened(pool), 4), chunk_of(opened(pool), 0)};  // 0 stands for 1
  CTensor x({5, I}, 0.5F), y({5, 24}, 0);
  ASSERT_EQ(rondo_pool_run(pool, chunks, 2, &x.view, &y.view), RONDO_OK) << rondo_last_error();
  const std::vector<StreamChunk> same_chunks = {{.slot = same.open(), .steps = 4}, {.slot = same.open()}};
  Tensor expected = Tensor::empty({5, 24}, DType::f32);
  same.run(same_chunks, Tensor::full({5, I}, 0.5, DType::f32), expected);
  EXPECT_EQ(y.values, expected.to_vector<float>());
  EXPECT_EQ(rondo_pool_finish(pool, nullptr), RONDO_OK);
  char* text = nullptr;
  ASSERT_EQ(rondo_pool_explain(pool, &text), RONDO_OK);
  EXPECT_EQ(taken(text), same.explain());
  EXPECT_EQ(rondo_pool_close(pool), RONDO_OK);
}

TEST(CPool, AStateGoesToAnotherPoolAsBytes) {
  rondo_pool* pool = pool_of(three_slots());
  rondo_pool* other = pool_of(three_slots());
  const std::int64_t slot = opened(pool);
  const std::int64_t other_slot = opened(other);
  step(pool, slot, 3, 0.5F);
  void* bytes = nullptr;
  std::size_t size = 0;
  ASSERT_EQ(rondo_pool_export_state(pool, slot, &bytes, &size), RONDO_OK);
  ASSERT_EQ(rondo_pool_import_state(other, other_slot, bytes, size), RONDO_OK) << rondo_last_error();
  EXPECT_EQ(step(pool, slot, 2, 0.25F), step(other, other_slot, 2, 0.25F));

  static_cast<unsigned char*>(bytes)[size - 1] ^= 1;
  EXPECT_EQ(rondo_pool_import_state(other, other_slot, bytes, size), RONDO_INVALID_VALUE);
  EXPECT_EQ(rondo_pool_import_state(other, other_slot, bytes, size - 1), RONDO_INVALID_VALUE);
  expect_failed(rondo_pool_import_state(other, other_slot, nullptr, size), RONDO_INVALID_VALUE, "bytes: got null");
  rondo_free(bytes);
  EXPECT_EQ(step(pool, slot, 1, 0.5F), step(other, other_slot, 1, 0.5F)) << "a refused state changed something";
  rondo_pool_close(pool);
  rondo_pool_close(other);
}

TEST(CPool, StreamsBeginAtTheRestState) {
  rondo_pool* pool = pool_of(three_slots());
  const std::int64_t first = opened(pool);
  const std::vector<float> from_zeros = step(pool, first, 1, 0.5F);
  ASSERT_EQ(rondo_pool_save_rest_state(pool, first), RONDO_OK);
  const std::vector<float> second_step = step(pool, first, 1, 0.5F);
  EXPECT_EQ(step(pool, opened(pool), 1, 0.5F), second_step);
  ASSERT_EQ(rondo_pool_clear_rest_state(pool), RONDO_OK);
  auto chunk = chunk_of(first, 1);
  chunk.start = chunk.end = 1;
  CTensor x({1, I}, 0.5F), y({1, 24}, 0);
  ASSERT_EQ(rondo_pool_run(pool, &chunk, 1, &x.view, &y.view), RONDO_OK);
  EXPECT_EQ(y.values, from_zeros);
  std::int32_t is_open = 7;
  ASSERT_EQ(rondo_pool_is_open(pool, first, &is_open), RONDO_OK);
  EXPECT_EQ(is_open, 0) << "the stream ended";
  rondo_pool_close(pool);
}

struct Evictions {
  rondo_pool* pool = nullptr;
  std::vector<std::int64_t> slots;
  std::vector<std::int32_t> reasons;
  std::size_t exported = 0;
  rondo_status forbidden = RONDO_OK;
};

TEST(CPool, AnEvictionIsToldAndItsStateCanBeSaved) {
  Evictions told;
  rondo_pool_options options = three_slots();
  options.evict_least_recently_used = 1;
  options.user_data = &told;
  options.on_eviction = [](void* user_data, std::int64_t slot, std::int32_t reason) {
    auto& evictions = *static_cast<Evictions*>(user_data);
    evictions.slots.push_back(slot);
    evictions.reasons.push_back(reason);
    void* bytes = nullptr;
    EXPECT_EQ(rondo_pool_export_state(evictions.pool, slot, &bytes, &evictions.exported), RONDO_OK);
    rondo_free(bytes);
    evictions.forbidden = rondo_pool_close_slot(evictions.pool, slot);
  };
  told.pool = pool_of(options);
  const std::int64_t first = opened(told.pool);
  for (int k = 0; k < 3; ++k) opened(told.pool);
  EXPECT_EQ(told.slots, std::vector<std::int64_t>{first});
  EXPECT_EQ(told.reasons, std::vector<std::int32_t>{RONDO_EVICTED_FOR_ANOTHER});
  EXPECT_GT(told.exported, 0U);
  EXPECT_EQ(told.forbidden, RONDO_RUNTIME_ERROR);
  std::int64_t evicted = -1;
  ASSERT_EQ(rondo_pool_evict_idle(told.pool, 0, &evicted), RONDO_OK);
  EXPECT_EQ(evicted, 3);
  EXPECT_EQ(told.reasons.back(), RONDO_EVICTED_IDLE);
  rondo_pool_close(told.pool);
}

TEST(CPool, BadCallsAreNamedAndChangeNothing) {
  rondo_pool* pool = pool_of(three_slots());
  const std::int64_t slot = opened(pool);
  CTensor x({1, I}, 0.5F), y({1, 24}, 0);
  auto chunk = chunk_of(slot, 1);
  const auto run = [&](std::size_t count = 1) { return rondo_pool_run(pool, &chunk, count, &x.view, &y.view); };
  expect_failed(run(std::size_t(-1)), RONDO_INVALID_VALUE, "chunk_count");
  expect_failed(rondo_pool_run(pool, nullptr, 1, &x.view, &y.view), RONDO_INVALID_VALUE, "chunks: got null");
  expect_failed(rondo_pool_run(pool, &chunk, 1, nullptr, &y.view), RONDO_INVALID_VALUE, "x: got null");
  chunk.slot = 99;
  expect_failed(run(), RONDO_INVALID_VALUE, "99");
  chunk = chunk_of(slot, 3);
  EXPECT_EQ(run(), RONDO_INVALID_VALUE) << "x has one row";
  rondo_stream_chunk two[] = {chunk_of(slot, 1), chunk_of(slot, 1)};
  two[1].struct_size = 16;
  expect_failed(rondo_pool_run(pool, two, 2, &x.view, &y.view), RONDO_INVALID_VALUE, "chunks[1].struct_size: got 16");
  expect_failed(rondo_pool_close_slot(pool, -1), RONDO_INVALID_VALUE, "-1");
  std::int64_t evicted = 0;
  expect_failed(rondo_pool_evict_idle(pool, -1, &evicted), RONDO_INVALID_VALUE, "nanoseconds: got -1");
  rondo_pool* fresh = pool_of(three_slots());
  EXPECT_EQ(step(pool, slot, 2, 0.5F), step(fresh, opened(fresh), 2, 0.5F));
  rondo_pool_close(fresh);
  rondo_pool_close(pool);
}

}  // namespace
}  // namespace rondo
