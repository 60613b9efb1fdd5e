#include "interleaved_streams.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/compare.h"

namespace rondo::test {
namespace {

StatePoolOptions telling(StatePoolOptions options, std::function<void(std::int64_t)> lost) {
  options.on_eviction = [lost = std::move(lost)](std::int64_t slot, EvictionReason) { lost(slot); };
  return options;
}

}  // namespace

InterleavedStreams::InterleavedStreams(Random& random, const LoadedNetwork& network, const StatePoolOptions& options,
                                       const Alone& alone)
    : random_(random), pool_(network, telling(options, [this](std::int64_t slot) {
                               check_state(slot);
                               streams_.erase(slot);
                               ++counts_["evicted"];
                             })) {
  for (int k = 0; k < 6; ++k) {
    const Tensor x = random.tensor({kSteps, network.input_features()}, 1.0, pool_.dtype());
    tracks_.push_back({.x = x, .y = alone(x)});
  }
}

void InterleavedStreams::act() {
  const std::int64_t choice = random_.integer(0, 9);
  if (streams_.empty() || choice <= 1) {
    open();
  } else if (choice == 2) {
    move();
  } else if (choice == 3) {
    close();
  } else {
    call();
  }
  EXPECT_EQ(pool_.open_slots(), static_cast<std::int64_t>(streams_.size()));
}

void InterleavedStreams::open() {
  const std::int64_t slot = pool_.open();
  EXPECT_EQ(streams_.count(slot), 0U);
  streams_[slot] = {.track = static_cast<std::size_t>(random_.integer(0, 5))};
  ++counts_["opened"];
}

std::int64_t InterleavedStreams::random_slot() {
  return std::next(streams_.begin(), random_.integer(0, static_cast<std::int64_t>(streams_.size()) - 1))->first;
}

/// Moves a stream to another slot, or gives a slot the state of another stream.
void InterleavedStreams::move() {
  const std::int64_t from = random_slot();
  const std::vector<std::byte> state = pool_.export_state(from);
  const Stream stream = streams_[from];
  if (random_.coin()) {
    pool_.close(from);
    streams_.erase(from);
  }
  const std::int64_t to = streams_.empty() || random_.coin() ? pool_.open() : random_slot();
  pool_.import_state(to, state);
  streams_[to] = stream;
  ++counts_["moved"];
}

void InterleavedStreams::close() {
  const std::int64_t slot = random_slot();
  check_state(slot);
  pool_.close(slot);
  streams_.erase(slot);
  ++counts_["closed"];
}

StreamChunk InterleavedStreams::draw_chunk(std::int64_t slot) {
  Stream& stream = streams_[slot];
  StreamChunk chunk{.slot = slot};
  if (stream.step == kSteps || random_.coin(0.05)) {
    chunk.start = true;
    stream = {.track = static_cast<std::size_t>(random_.integer(0, 5))};
    ++counts_["restarted"];
  }
  const std::int64_t most = std::min(pool_.options().max_steps, kSteps - stream.step);
  chunk.steps = random_.coin() ? 1 : random_.integer(1, most);
  chunk.end = random_.coin(0.05);
  return chunk;
}

/// Writes the chunks' inputs and what they must emit.
void InterleavedStreams::fill(const std::vector<StreamChunk>& chunks, const Tensor& x, const Tensor& expected) {
  std::int64_t row = 0;
  for (const StreamChunk& chunk : chunks) {
    Stream& stream = streams_[chunk.slot];
    const Track& track = tracks_[stream.track];
    x.slice(0, row, row + chunk.steps).copy_from(track.x.slice(0, stream.step, stream.step + chunk.steps));
    expected.slice(0, row, row + chunk.steps).copy_from(track.y.slice(0, stream.step, stream.step + chunk.steps));
    stream.step += chunk.steps;
    row += chunk.steps;
    if (chunk.end) streams_.erase(chunk.slot);
  }
}

void InterleavedStreams::call() {
  std::vector<StreamChunk> chunks;
  std::int64_t rows = 0;
  const std::int64_t most = random_.integer(1, pool_.options().max_rows);
  for (std::int64_t k = 0; k < most; ++k) {
    const std::int64_t slot = random_slot();
    if (std::ranges::any_of(chunks, [&](const StreamChunk& one) { return one.slot == slot; })) continue;
    chunks.push_back(draw_chunk(slot));
    rows += chunks.back().steps;
  }
  const Tensor x = Tensor::empty({rows, pool_.input_features()}, pool_.dtype());
  const Tensor expected = Tensor::empty({rows, pool_.output_features()}, pool_.dtype());
  fill(chunks, x, expected);
  const Tensor y = Tensor::full({rows, pool_.output_features()}, -7, pool_.dtype());
  const Tensor y_on_device = y.to(pool_.options().device);
  pool_.run(chunks, x.to(pool_.options().device), y_on_device);
  EXPECT_TRUE(identical(y_on_device.to(cpu()), expected));
  ++counts_[rows == static_cast<std::int64_t>(chunks.size()) ? "calls of one step" : "calls of ragged chunks"];
}

/// Streams that are at the same step of a track have the same state, to the last byte.
void InterleavedStreams::check_state(std::int64_t slot) {
  const Stream& stream = streams_.at(slot);
  const std::vector<std::byte> state = pool_.export_state(slot);
  const auto [place, is_new] = tracks_[stream.track].states.try_emplace(stream.step, state);
  EXPECT_TRUE(is_new || place->second == state) << "of track " << stream.track << " at step " << stream.step;
}

}  // namespace rondo::test
