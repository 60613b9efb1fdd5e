// What a pool refuses: every refusal leaves all streams as they were.

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "rondo/serving/state_pool.h"
#include "small_pool.h"
#include "support/compare.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

TEST(StatePoolRefusals, OptionsThatCannotBe) {
  const auto refused = [](const StatePoolOptions& options, const std::vector<std::string>& words) {
    expect_words([&] { StatePool(small_stack(), options); }, words);
  };
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  refused({.slots = 0, .max_rows = 1}, {"slots", "got 0", "1 to"});
  refused({.slots = 1, .max_rows = 0}, {"max_rows", "got 0", "1 to"});
  refused({.slots = 1, .max_rows = 1, .max_steps = 0}, {"max_steps", "got 0", "1 to"});
  refused({.slots = kHuge, .max_rows = 1}, {"slots", "2^31"});
  refused({.slots = 1, .max_rows = 1, .max_steps = kHuge}, {"max_steps", "2^31"});
  refused({.slots = 2, .max_rows = 3}, {"max_rows", "got 3", "the slots, 2"});
  refused({.slots = 2, .max_rows = 1, .network = {.executor = "nobody"}}, {"executor", "nobody"});
}

TEST(StatePoolRefusals, NetworksThatCannotStream) {
  LoadedNetwork network = small_stack();
  network.spec.layers[1].backward = network.spec.layers[1].forward;
  network.weights[1].backward = network.weights[1].forward;
  expect_words([&] { StatePool(network, {.slots = 1, .max_rows = 1}); }, {"layers[1].backward", "in reverse"});
  network = small_stack();
  network.spec.layers[0].forward.rules.read = ReadOrder::reversed;
  expect_words([&] { StatePool(network, {.slots = 1, .max_rows = 1}); }, {"layers[0].forward", "in reverse"});
  expect_words([&] { StatePool(LoadedNetwork{}, {.slots = 1, .max_rows = 1}); }, {"network", "no layers"});
}

class CallRefusals : public ::testing::Test {
 protected:
  CallRefusals() {
    (void)pool_.open();
    (void)pool_.open();
    (void)run_chunk(pool_, {.slot = 0}, inputs(1, 1));
    state_ = pool_.export_state(0);
  }
  ~CallRefusals() override {
    EXPECT_EQ(pool_.export_state(0), state_);
    EXPECT_EQ(pool_.open_slots(), 2);
    const Tensor y = run_chunk(pool_, {.slot = 1, .steps = 4}, inputs(7, 4));
    EXPECT_TRUE(identical(y, stream_alone(small_stack(), inputs(7, 4))));  // it has still not begun
  }

  void refused(const std::vector<StreamChunk>& chunks, const std::vector<std::string>& words) {
    std::int64_t rows = 0;
    for (const StreamChunk& chunk : chunks) rows += std::clamp<std::int64_t>(chunk.steps, 0, 100);
    refused(chunks, inputs(3, rows), outputs(rows), words);
  }
  void refused(const std::vector<StreamChunk>& chunks, const Tensor& x, const Tensor& y,
               const std::vector<std::string>& words) {
    expect_words([&] { pool_.run(chunks, x, y); }, words);
  }

  StatePool pool_{small_stack(), {.slots = 3, .max_rows = 2, .max_steps = 4}};
  std::vector<std::byte> state_;
};

TEST_F(CallRefusals, Chunks) {
  refused({{.slot = 1}, {.slot = 2}}, {"chunks[1].slot", "got 2", "an open slot"});
  for (const std::int64_t slot : {std::int64_t{-1}, std::int64_t{3}, std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::min()}) {
    refused({{.slot = slot}}, {"chunks[0].slot", "got " + std::to_string(slot), "an open slot"});
  }
  refused({{.slot = 1, .start = true, .end = true}, {.slot = 1}}, {"chunks[1].slot", "got 1 again", "one chunk"});
  for (const std::int64_t steps :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{5}, std::numeric_limits<std::int64_t>::max()}) {
    refused({{.slot = 1, .start = true}, {.slot = 0, .steps = steps, .end = true}},
            {"chunks[1].steps", "got " + std::to_string(steps), "1 to max_steps, 4"});
  }
  refused({{.slot = 0}, {.slot = 1}, {.slot = 0}}, {"chunks", "got 3", "at most max_rows, 2"});
}

TEST_F(CallRefusals, Tensors) {
  const std::vector<StreamChunk> chunks = {{.slot = 0, .steps = 2, .start = true}, {.slot = 1, .end = true}};
  refused(chunks, inputs(3, 4), outputs(3), {"x", "got f32(4, 5)", "f32(3, 5)"});
  refused(chunks, inputs(3, 3), outputs(2), {"y", "got f32(2, 9)", "f32(3, 9)"});
  refused(chunks, inputs(3, 3).to(DType::f64), outputs(3), {"x", "got f64(3, 5)", "f32(3, 5)"});
  refused(chunks, inputs(3, 3).reshape({3, 5, 1}), outputs(3), {"x", "got f32(3, 5, 1)", "f32(3, 5)"});
  refused(chunks, Tensor(), outputs(3), {"x", "f32(3, 5)"});
  refused(chunks, inputs(3, 3), Tensor(), {"y", "f32(3, 9)"});
  refused(chunks, Random(1).tensor({5, 3}, 1.0).transpose({1, 0}), outputs(3), {"x", "stride of 3", "1"});
}

TEST_F(CallRefusals, SlotsThatAreNotOpen) {
  for (const std::int64_t slot : {-1, 2, 3}) {
    const std::vector<std::string> words = {"slot", "got " + std::to_string(slot), "an open slot"};
    expect_words([&] { pool_.close(slot); }, words);
    expect_words([&] { (void)pool_.export_state(slot); }, words);
    expect_words([&] { pool_.import_state(slot, state_); }, words);
    expect_words([&] { pool_.save_rest_state(slot); }, words);
    EXPECT_FALSE(pool_.is_open(slot));
  }
}

TEST_F(CallRefusals, OneStreamTooMany) {
  const std::int64_t last = pool_.open();
  expect_words<RuntimeError>([&] { (void)pool_.open(); }, {"slots", "the 3 that are open"});
  pool_.close(last);
}

TEST_F(CallRefusals, ACallWithoutChunksDoesNothing) { pool_.run({}, inputs(1, 0), outputs(0)); }

TEST_F(CallRefusals, StatesOfOtherPools) {
  const auto refused_state = [&](std::vector<std::byte> bytes, const std::vector<std::string>& words) {
    expect_words([&] { pool_.import_state(0, bytes); }, words);
  };
  Random random(9);
  StatePool other(random_stack(random, {CellKind::lstm, CellKind::gru}), {.slots = 1, .max_rows = 1});
  refused_state(other.export_state(other.open()), {"state", "fingerprint"});
  refused_state({}, {"state", "got 0 bytes"});
  for (std::size_t size = 1; size < state_.size(); ++size) {
    refused_state({state_.begin(), state_.begin() + static_cast<std::ptrdiff_t>(size)}, {"state", "bytes"});
  }
  std::vector<std::byte> longer = state_;
  longer.push_back(std::byte{0});
  refused_state(longer, {"state", "bytes"});
  for (std::size_t k = 0; k < state_.size(); ++k) {
    std::vector<std::byte> damaged = state_;
    damaged[k] ^= std::byte{0x10};
    refused_state(damaged, {"state"});
  }
  std::vector<std::byte> versioned = state_;
  versioned[8] = std::byte{2};
  refused_state(versioned, {"state", "version 2", "1"});
}

}  // namespace
}  // namespace rondo::test
