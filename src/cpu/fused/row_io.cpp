#include "cpu/fused/row_io.h"

#include <algorithm>
#include <cstring>

#include "rondo/vocabulary/dtype.h"

namespace rondo::fused {

// The first part of the group also sets the units behind the states to zeros, because kernels compute with these units.
void RowIo::load_initial_states() const {
  const bool has_c = state_count(spec_.cell.kind) == 2;
  const bool pads = run_.index % run_.partition.unit_groups == 0;
  for (const std::int64_t b : rows_) {
    scratch_.notes.current[b] = 0;
    scratch_.notes.was_live[b] = false;
    float* const states[] = {row_of(scratch_.states.h[0], b), row_of(scratch_.states.c, b)};
    if (pads) {
      for (int k = 0; k < 2; ++k) {
        std::fill(states[k] + state_units(spec_.cell, k), states[k] + scratch_.states.stride, 0.0F);
      }
    }
    load(0, run_.buffers.initial_state[0], run_.initial_dtype, b, states[0]);
    if (has_c) load(1, run_.buffers.initial_state[1], run_.initial_dtype, b, states[1]);
  }
  if (spec_.has_resets) load_piece_h(pads);
}

void RowIo::load_piece_h(bool pads) const {
  for (const std::int64_t b : rows_) {
    float* const h = piece_h_of(b);
    if (pads) std::fill(h + output_units(spec_.cell), h + scratch_.states.stride, 0.0F);
    load(0, run_.buffers.reset_state[0], spec_.dtype, b, h);
    if (run_.buffers.reset_state[0].stride == 0) return;
  }
}

// Other parts of the group read all of a row's h, so h is replaced by taking other memory. c is this part's alone.
void RowIo::begin_pieces(std::int64_t s) const {
  if (!spec_.has_resets) return;
  for (const std::int64_t b : rows_) {
    if (!run_.buffers.schedule.resets_before(s, b)) continue;
    scratch_.notes.current[b] = kPieceH;
    scratch_.notes.was_live[b] = false;
    if (state_count(spec_.cell.kind) == 2)
      load(1, run_.buffers.reset_state[1], spec_.dtype, b, row_of(scratch_.states.c, b));
  }
}

RowStates RowIo::begin_step(std::int64_t b) const {
  std::uint8_t& current = scratch_.notes.current[b];
  const std::uint8_t next = current == 0 ? 1 : 0;
  const RowStates states{.input = nullptr,
                         .h = h_of(b),
                         .next_h = row_of(scratch_.states.h[next], b),
                         .c = row_of(scratch_.states.c, b),
                         .reset_h = row_of(scratch_.states.reset_h, b)};
  current = next;
  scratch_.notes.was_live[b] = true;
  return states;
}

void RowIo::emit(std::int64_t s) const {
  const SequenceBuffer& y = run_.buffers.y;
  if (y.data == nullptr) return;
  for (const std::int64_t b : rows_) {
    const std::int64_t t = run_.buffers.schedule.write_time(s, b);
    if (y.strides.has(t, run_.buffers.schedule.length(b))) emit_row(s, b, y.data, y.strides.offset(t, b));
  }
}

void RowIo::store_results() const {
  const BatchBuffer& last = run_.buffers.last_output;
  const auto& final_state = run_.buffers.final_state;
  for (const std::int64_t b : rows_) {
    const std::int64_t row = run_.buffers.schedule.state_row(b);
    if (last.data != nullptr) {
      if (spec_.T > 0) {
        emit_row(spec_.T - 1, b, last.data, row * last.stride);
      } else {
        store_zeros(last.data, row * last.stride);  // nothing was emitted
      }
    }
    if (final_state[0].data != nullptr) store(0, h_of(b), final_state[0].data, row * final_state[0].stride);
    if (final_state[1].data != nullptr) {
      store(1, row_of(scratch_.states.c, b), final_state[1].data, row * final_state[1].stride);
    }
  }
}

// Writes what row b emits at processing step s to `target + offset`.
void RowIo::emit_row(std::int64_t s, std::int64_t b, void* target, std::int64_t offset) const {
  const Schedule& schedule = run_.buffers.schedule;
  if (schedule.emits_zeros(schedule.live(s, b), !scratch_.notes.was_live[b])) {
    store_zeros(target, offset);
  } else {
    store(0, h_of(b), target, offset);
  }
}

std::byte* RowIo::element(void* data, std::int64_t index) const {
  return static_cast<std::byte*>(data) + index * static_cast<std::int64_t>(size_of(spec_.dtype));
}

void RowIo::load(int state, const BatchBuffer& given, DType dtype, std::int64_t b, float* states) const {
  const Range& units = units_of(state);
  if (given.data == nullptr) {
    std::fill(states + units.begin, states + units.end, 0.0F);
  } else {
    const std::int64_t first = run_.buffers.schedule.state_row(b) * given.stride + units.begin;
    const auto* source = static_cast<const std::byte*>(given.data) + first * static_cast<std::int64_t>(size_of(dtype));
    run_.kernels.load_row(dtype, source, units.size(), states + units.begin);
  }
}

void RowIo::store(int state, const float* states, void* target, std::int64_t offset) const {
  const Range& units = units_of(state);
  run_.kernels.store_row(states + units.begin, units.size(), spec_.dtype, element(target, offset + units.begin));
}

void RowIo::store_zeros(void* target, std::int64_t offset) const {
  std::memset(element(target, offset + units_.h.begin), 0,
              static_cast<std::size_t>(units_.h.size()) * size_of(spec_.dtype));
}

}  // namespace rondo::fused
