#include "stream_batches.h"

#include <algorithm>

#include "batch_sizes.h"

namespace rondo::triton {
namespace {

constexpr std::size_t kMostSizes = 8;  // of batches: each has plans of its own

/// The shape of `count` rows like those of `rows`.
Shape with_rows(const Tensor& rows, std::int64_t count) { return rows.shape().erase(0).insert(0, count); }

}  // namespace

StreamBatches::StreamBatches(const Model& model, std::int64_t places, std::int64_t most_rows, const Tensor& frame)
    : sizes_(planned_sizes(most_rows, kMostSizes)) {
  for (const std::int64_t rows : sizes_) {
    Batch& batch = batches_.emplace_back(Batch{.stream = model.stream(), .states = {}, .x = {}});
    batch.x = Tensor::zeros(with_rows(frame, rows), frame.dtype());
    static_cast<void>(batch.stream.step(batch.x));  // plans
    batch.states = batch.stream.states();
  }
  for (const Tensor& state : batches_.front().states) {
    states_.push_back(Tensor::zeros(with_rows(state, places), state.dtype(), state.device()));
  }
}

void StreamBatches::reset(std::int64_t place) const {
  for (const Tensor& state : states_) state.slice(0, place, place + 1).fill(0);
}

StreamBatches::Batch& StreamBatches::batch_of(std::int64_t rows) {
  const auto found = std::find(sizes_.begin(), sizes_.end(), planned_size(sizes_, rows));
  return batches_[static_cast<std::size_t>(found - sizes_.begin())];
}

Tensor StreamBatches::step(std::span<const std::int64_t> places) {
  const auto rows = static_cast<std::int64_t>(places.size());
  Batch& batch = batch_of(rows);
  const auto move = [&](const auto& copy) {
    for (std::size_t k = 0; k < states_.size(); ++k) {
      for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t place = places[static_cast<std::size_t>(row)];
        copy(states_[k].slice(0, place, place + 1), batch.states[k].slice(0, row, row + 1));
      }
    }
  };
  move([](const Tensor& kept, const Tensor& of_batch) { of_batch.copy_from(kept); });
  // Rows that nobody reads: what was there before might be what a layer refuses.
  if (rows < batch.x.size(0)) batch.x.slice(0, rows, batch.x.size(0)).fill(0);
  const Tensor y = batch.stream.step(batch.x).to(cpu()).contiguous();
  move([](const Tensor& kept, const Tensor& of_batch) { kept.copy_from(of_batch); });
  return y;
}

}  // namespace rondo::triton
