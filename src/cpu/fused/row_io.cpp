#include "cpu/fused/row_io.h"

#include <algorithm>
#include <cstring>

#include "rondo/vocabulary/dtype.h"

namespace rondo::fused {

// The first part of the group also sets the units beyond H to zeros, because kernels compute with these units.
void RowIo::load_initial_states() const {
  const bool has_c = state_count(spec_.cell.kind) == 2;
  const bool pads = run_.index % run_.partition.unit_groups == 0;
  for (std::int64_t b = rows_.begin; b < rows_.end; ++b) {
    scratch_.notes.current[b - rows_.begin] = 0;
    scratch_.notes.was_live[b - rows_.begin] = false;
    float* const states[] = {row_of(scratch_.states.h[0], b), row_of(scratch_.states.c, b)};
    if (pads) {
      for (float* state : states) std::fill(state + spec_.cell.units, state + scratch_.states.stride, 0.0F);
    }
    load(run_.buffers.initial_state[0], b, states[0]);
    if (has_c) load(run_.buffers.initial_state[1], b, states[1]);
  }
}

RowStates RowIo::begin_step(std::int64_t b) const {
  std::uint8_t& current = scratch_.notes.current[b - rows_.begin];
  const RowStates states{.input = nullptr,
                         .h = h_of(b),
                         .next_h = row_of(scratch_.states.h[1 - current], b),
                         .c = row_of(scratch_.states.c, b),
                         .reset_h = row_of(scratch_.states.reset_h, b)};
  current = static_cast<std::uint8_t>(1 - current);
  scratch_.notes.was_live[b - rows_.begin] = true;
  return states;
}

void RowIo::emit(std::int64_t s) const {
  const SequenceBuffer& y = run_.buffers.y;
  if (y.data == nullptr) return;
  for (std::int64_t b = rows_.begin; b < rows_.end; ++b) {
    emit_row(s, b, y.data, y.strides.offset(run_.buffers.schedule.write_time(s, b), b));
  }
}

void RowIo::store_results() const {
  const BatchBuffer& last = run_.buffers.last_output;
  const auto& final_state = run_.buffers.final_state;
  for (std::int64_t b = rows_.begin; b < rows_.end; ++b) {
    if (last.data != nullptr) {
      if (spec_.T > 0) {
        emit_row(spec_.T - 1, b, last.data, b * last.stride);
      } else {
        store_zeros(last.data, b * last.stride);  // nothing was emitted
      }
    }
    if (final_state[0].data != nullptr) store(h_of(b), final_state[0].data, b * final_state[0].stride);
    if (final_state[1].data != nullptr) {
      store(row_of(scratch_.states.c, b), final_state[1].data, b * final_state[1].stride);
    }
  }
}

// Writes what row b emits at processing step s to `target + offset`.
void RowIo::emit_row(std::int64_t s, std::int64_t b, void* target, std::int64_t offset) const {
  const Schedule& schedule = run_.buffers.schedule;
  if (schedule.emits_zeros(schedule.live(s, b), !scratch_.notes.was_live[b - rows_.begin])) {
    store_zeros(target, offset);
  } else {
    store(h_of(b), target, offset);
  }
}

std::byte* RowIo::element(void* data, std::int64_t index) const {
  return static_cast<std::byte*>(data) + index * static_cast<std::int64_t>(size_of(spec_.dtype));
}

void RowIo::load(const BatchBuffer& initial, std::int64_t b, float* states) const {
  if (initial.data == nullptr) {
    std::fill(states + units_.begin, states + units_.end, 0.0F);
  } else {
    run_.kernels.load_row(spec_.dtype, element(initial.data, b * initial.stride + units_.begin), units_.size(),
                          states + units_.begin);
  }
}

void RowIo::store(const float* states, void* target, std::int64_t offset) const {
  run_.kernels.store_row(states + units_.begin, units_.size(), spec_.dtype, element(target, offset + units_.begin));
}

void RowIo::store_zeros(void* target, std::int64_t offset) const {
  std::memset(element(target, offset + units_.begin), 0,
              static_cast<std::size_t>(units_.size()) * size_of(spec_.dtype));
}

}  // namespace rondo::fused
