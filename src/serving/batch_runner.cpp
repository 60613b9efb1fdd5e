#include "serving/batch_runner.h"

#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace rondo {
namespace {

// Copies `rows` rows of one length from row `from` of `source` to row `to` of `target`.
void copy_rows(const Tensor& source, std::int64_t from, const Tensor& target, std::int64_t to, std::int64_t rows) {
  const std::size_t bytes = static_cast<std::size_t>(source.size(1)) * size_of(source.dtype());
  std::memcpy(static_cast<char*>(target.data()) + static_cast<std::size_t>(to) * bytes,
              static_cast<const char*>(source.data()) + static_cast<std::size_t>(from) * bytes,
              static_cast<std::size_t>(rows) * bytes);
}

/// What `function` says where it throws.
template <typename Function>
std::optional<std::string> failure_of(const Function& function) noexcept {
  try {
    function();
    return std::nullopt;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "the pool failed";
  }
}

}  // namespace

BatchRunner::BatchRunner(SlotPool& pool) : pool_(pool) {
  const SlotPoolSizes sizes = pool.sizes();
  const std::int64_t rows = sizes.max_rows * sizes.max_steps;
  x_ = Tensor::empty({rows, sizes.input_features}, sizes.dtype);
  y_ = Tensor::empty({rows, sizes.output_features}, sizes.dtype);
}

ServingClock::duration BatchRunner::run(StreamBatch& batch) noexcept {
  for (const Eviction& eviction : batch.evictions) {
    try {
      pool_.evict(eviction.slot, eviction.reason);
    } catch (...) {  // the slot stays lost, and a later call says so
    }
  }
  for (const std::int64_t slot : batch.ended_slots) close(slot);
  for (BatchState& state : batch.states) move(state);
  if (batch.rows.empty()) return {};
  ServingClock::duration time = {};
  batch.failure = failure_of([&] {
    open_slots(batch);
    gather(batch);
    const ServingClock::time_point begin = ServingClock::now();
    pool_.run(batch.chunks, x_.slice(0, 0, batch.steps), y_.slice(0, 0, batch.steps));
    time = ServingClock::now() - begin;
    scatter(batch);
  });
  for (std::size_t k = 0; k < batch.rows.size(); ++k) {
    const std::int64_t slot = batch.chunks[k].slot;
    if (batch.failure) {
      if (slot >= 0) close(slot);
    } else if (batch.rows[k].wants_state != nullptr) {
      read_state(batch.rows[k], slot);
    }
  }
  return time;
}

void BatchRunner::move(BatchState& state) noexcept {
  WaitingRequest& request = *state.request;
  const bool imports = request.action == StreamAction::import_state;
  const std::optional<std::string> failure = failure_of([&] {
    if (imports) {
      state.slot = pool_.open();
      pool_.import_state(state.slot, request.state);
    } else {
      request.answer.state = pool_.export_state(state.slot);
    }
  });
  if (!failure) return;
  request.refuse(StreamOutcome::failed, *failure);
  if (imports && state.slot >= 0) close(std::exchange(state.slot, -1));
}

// Where the state cannot be read, its owner has the steps neither: the stream begins anew, as after a call that failed.
void BatchRunner::read_state(BatchRow& row, std::int64_t slot) noexcept {
  StreamAnswer& answer = row.wants_state->answer;
  const std::optional<std::string> failure = failure_of([&] { answer.state = pool_.export_state(slot); });
  if (!failure) return;
  row.wants_state->refuse(StreamOutcome::failed, *failure);
  row.lost = true;
  close(slot);
}

void BatchRunner::open_slots(StreamBatch& batch) {
  for (std::size_t row = 0; row < batch.rows.size(); ++row) {
    if (batch.rows[row].opens) batch.chunks[row].slot = pool_.open();
  }
}

void BatchRunner::gather(const StreamBatch& batch) const {
  std::int64_t row = 0;
  for (const BatchPart& part : batch.parts) {
    copy_rows(part.request->x, part.first_step, x_, row, part.steps);
    row += part.steps;
  }
}

void BatchRunner::scatter(const StreamBatch& batch) const {
  std::int64_t row = 0;
  for (const BatchPart& part : batch.parts) {
    copy_rows(y_, row, part.request->answer.y, part.first_step, part.steps);
    row += part.steps;
  }
}

void BatchRunner::close(std::int64_t slot) noexcept {
  try {
    pool_.close(slot);
  } catch (...) {  // a call has ended the stream before it failed
  }
}

}  // namespace rondo
