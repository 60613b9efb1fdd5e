#include "units/serving/pool_double.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace rondo::test {
namespace {

std::int64_t next_state(std::int64_t state, float x) { return (3 * state + static_cast<std::int64_t>(x)) % 8191; }

}  // namespace

void PoolRecord::hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void PoolRecord::release() {
  const std::lock_guard lock(mutex_);
  held_ = false;
  changed_.notify_all();
}

bool PoolRecord::await_calls(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return calls_.size() >= count; });
}

void PoolRecord::fail(int count) {
  const std::lock_guard lock(mutex_);
  failures_ = count;
}

void PoolRecord::fail_states(int count) {
  const std::lock_guard lock(mutex_);
  failures_of_states_ = count;
}

std::vector<std::vector<StreamChunk>> PoolRecord::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::vector<PoolRecord::Evicted> PoolRecord::evictions() const {
  const std::lock_guard lock(mutex_);
  return evictions_;
}

std::size_t PoolRecord::open_slots() const {
  const std::lock_guard lock(mutex_);
  return states_.size();
}

class PoolDouble final : public SlotPool {
 public:
  PoolDouble(const SlotPoolSizes& sizes, std::shared_ptr<PoolRecord> record)
      : sizes_(sizes), record_(std::move(record)) {}

  SlotPoolSizes sizes() const override { return sizes_; }

  std::int64_t open() override {
    const std::lock_guard lock(record_->mutex_);
    std::int64_t slot = 0;
    while (record_->states_.contains(slot)) ++slot;
    EXPECT_LT(slot, sizes_.slots);
    record_->states_[slot] = 0;
    return slot;
  }

  void close(std::int64_t slot) override {
    const std::lock_guard lock(record_->mutex_);
    EXPECT_EQ(record_->states_.erase(slot), 1U);
  }

  void evict(std::int64_t slot, EvictionReason reason) override {
    {
      const std::lock_guard lock(record_->mutex_);
      record_->evictions_.push_back({.slot = slot, .reason = reason});
    }
    close(slot);
  }

  std::vector<std::byte> export_state(std::int64_t slot) const override {
    const std::lock_guard lock(record_->mutex_);
    fail_where_told();
    std::vector<std::byte> state(sizeof(std::int64_t));
    std::memcpy(state.data(), &record_->states_.at(slot), state.size());
    return state;
  }

  void import_state(std::int64_t slot, std::span<const std::byte> state) override {
    const std::lock_guard lock(record_->mutex_);
    fail_where_told();
    std::memcpy(&record_->states_.at(slot), state.data(), state.size());
  }

  void check_state(std::span<const std::byte> state) const override {
    if (state.size() != sizeof(std::int64_t)) throw std::runtime_error("the double has no such states");
  }

  void run(std::span<const StreamChunk> chunks, const Tensor& x, const Tensor& y) override {
    std::unique_lock lock(record_->mutex_);
    record_->calls_.emplace_back(chunks.begin(), chunks.end());
    record_->changed_.notify_all();
    EXPECT_TRUE(record_->changed_.wait_for(lock, std::chrono::seconds(30), [&] { return !record_->held_; }));
    EXPECT_LE(static_cast<std::int64_t>(chunks.size()), sizes_.max_rows);
    std::int64_t row = 0;
    for (const StreamChunk& chunk : chunks) row = step(chunk, x, y, row);
    EXPECT_EQ(row, x.size(0));
    EXPECT_EQ(row, y.size(0));
    if (record_->failures_ > 0) {
      --record_->failures_;
      throw std::runtime_error("the double failed");
    }
    for (const StreamChunk& chunk : chunks) {
      if (chunk.end) record_->states_.erase(chunk.slot);
    }
  }

 private:
  void fail_where_told() const {
    if (record_->failures_of_states_ == 0) return;
    --record_->failures_of_states_;
    throw std::runtime_error("the double has lost a state");
  }

  std::int64_t step(const StreamChunk& chunk, const Tensor& x, const Tensor& y, std::int64_t row) const {
    EXPECT_TRUE(chunk.steps >= 1 && chunk.steps <= sizes_.max_steps) << chunk.steps;
    const auto state = record_->states_.find(chunk.slot);
    if (state == record_->states_.end()) {
      ADD_FAILURE() << "slot " << chunk.slot << " is not open";
      return row + chunk.steps;
    }
    if (chunk.start) state->second = 0;
    for (const std::int64_t end = row + chunk.steps; row < end; ++row) {
      state->second = next_state(state->second, x.data<float>()[row]);
      y.data<float>()[row] = static_cast<float>(state->second);
    }
    return row;
  }

  const SlotPoolSizes sizes_;
  const std::shared_ptr<PoolRecord> record_;
};

std::unique_ptr<SlotPool> pool_double(const SlotPoolSizes& sizes, const std::shared_ptr<PoolRecord>& record) {
  return std::make_unique<PoolDouble>(sizes, record);
}

SlotPoolSizes double_sizes(std::int64_t slots, std::int64_t max_rows, std::int64_t max_steps, EvictionPolicy eviction) {
  return {.slots = slots,
          .max_rows = max_rows,
          .max_steps = max_steps,
          .input_features = 1,
          .output_features = 1,
          .dtype = DType::f32,
          .eviction = eviction};
}

Tensor steps_of(std::vector<float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::from(values, {count, 1});
}

std::vector<float> ExpectedStream::step(const Tensor& x) {
  std::vector<float> result;
  for (const float value : x.to_vector<float>()) {
    state_ = next_state(state_, value);
    result.push_back(static_cast<float>(state_));
  }
  return result;
}

}  // namespace rondo::test
