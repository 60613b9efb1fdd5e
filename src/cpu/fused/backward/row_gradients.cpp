#include "cpu/fused/backward/row_gradients.h"

#include <algorithm>
#include <cstring>

namespace rondo::fused {

RowGradients::RowGradients(const GradientArguments& run, const GradientScratch& scratch,
                           std::span<const std::int32_t> rows, const OwnUnits& units)
    : run_(run),
      scratch_(scratch),
      schedule_(run.buffers.run.schedule),
      rows_(rows),
      units_(units),
      states_(state_count(run.spec.cell.kind)) {
  find_reaches();
}

// A row that repeats its previous output emits its h once it has been live in its piece, and zeros before.
void RowGradients::find_reaches() const {
  for (const std::int64_t b : rows_) {
    bool was_live = false;
    for (std::int64_t s = 0; s < run_.spec.T; ++s) {
      was_live = schedule_.was_live(was_live, s, b);
      reaches(s, b) = !schedule_.emits_zeros(schedule_.live(s, b), !was_live);
    }
  }
}

// The part with the last units also sets the lanes behind them to zeros, because kernels compute with these lanes.
void RowGradients::load_final_states() const {
  for (int k = 0; k < states_; ++k) {
    const Range& units = units_of(k);
    const bool is_last = units.size() > 0 && units.end == state_units(run_.spec.cell, k);
    const std::int64_t end = is_last ? run_.shape.state_stride() : units.end;
    const BatchBuffer& given = run_.buffers.d_final_state[static_cast<std::size_t>(k)];
    for (const std::int64_t b : rows_) {
      std::fill(d_state(k, b) + units.begin, d_state(k, b) + end, 0.0F);
      if (given.data != nullptr) add(k, given.data, schedule_.state_row(b) * given.stride, d_state(k, b));
      if (!run_.spec.has_resets) continue;
      float* const sums = row_of(scratch_.shared.reset_sums[k], b);
      std::fill(sums + units.begin, sums + end, 0.0F);
    }
  }
}

void RowGradients::add_outputs(std::int64_t s) const {
  const SequenceBuffer& d_y = run_.buffers.d_y;
  const BatchBuffer& last = run_.buffers.d_last_output;
  const bool adds_last = s == run_.spec.T - 1 && last.data != nullptr;
  if (d_y.data == nullptr && !adds_last) return;
  for (const std::int64_t b : rows_) {
    if (!reaches(s, b)) continue;
    const std::int64_t time = schedule_.write_time(s, b);
    if (d_y.data != nullptr && d_y.strides.has(time, schedule_.length(b))) {
      add(0, d_y.data, d_y.strides.offset(time, b), d_state(0, b));
    }
    if (adds_last) add(0, last.data, schedule_.state_row(b) * last.stride, d_state(0, b));
  }
}

void RowGradients::end_pieces(std::int64_t s) const {
  if (!run_.spec.has_resets) return;
  for (const std::int64_t b : rows_) {
    if (!schedule_.resets_before(s, b)) continue;
    for (int k = 0; k < states_; ++k) {
      float* const gradient = d_state(k, b);
      float* const sums = row_of(scratch_.shared.reset_sums[k], b);
      for (std::int64_t u = units_of(k).begin; u < units_of(k).end; ++u) sums[u] += gradient[u];
      std::fill(gradient + units_of(k).begin, gradient + units_of(k).end, 0.0F);
    }
  }
}

void RowGradients::clear_dead_inputs(std::int64_t s) const {
  const SequenceBuffer& d_x = run_.buffers.d_x;
  if (d_x.data == nullptr || run_.buffers.accumulates_x || run_.spec.packed) return;
  if (run_.index % run_.partition.unit_groups != 0) return;
  const auto bytes = static_cast<std::size_t>(run_.spec.I) * size_of(run_.spec.dtype);
  for (const std::int64_t b : rows_) {
    if (schedule_.live(s, b)) continue;
    std::memset(const_cast<std::byte*>(element(d_x.data, d_x.strides.offset(schedule_.read_time(s, b), b))), 0, bytes);
  }
}

void RowGradients::store_states() const {
  for (int k = 0; k < states_; ++k) {
    const BatchBuffer& initial = run_.buffers.d_initial_state[static_cast<std::size_t>(k)];
    const BatchBuffer& reset = run_.buffers.d_reset_state[static_cast<std::size_t>(k)];
    for (const std::int64_t b : rows_) {
      const std::int64_t row = schedule_.state_row(b);
      if (initial.data != nullptr) store(d_state(k, b), units_of(k), initial, row);
      if (reset.data == nullptr || reset.stride == 0) continue;
      store(row_of(scratch_.shared.reset_sums[k], b), units_of(k), reset, row);
    }
  }
}

// The rows are added in their order, so that the sum does not depend on the number of threads.
void RowGradients::store_shared_reset_state() const {
  for (int k = 0; k < states_; ++k) {
    const Range part = run_.part_of(state_units(run_.spec.cell, k));
    const BatchBuffer& reset = run_.buffers.d_reset_state[static_cast<std::size_t>(k)];
    if (reset.data == nullptr || reset.stride != 0) continue;
    float* const sums = scratch_.shared.reset_sums[k];
    if (run_.spec.B == 0) std::fill(sums + part.begin, sums + part.end, 0.0F);
    for (std::int64_t b = 1; b < run_.spec.B; ++b) {
      const float* const of_row = row_of(sums, b);
      for (std::int64_t u = part.begin; u < part.end; ++u) sums[u] += of_row[u];
    }
    store(sums, part, reset, 0);
  }
}

void RowGradients::add(int state, const void* gradient, std::int64_t offset, float* target) const {
  const Range& units = units_of(state);
  const std::byte* const source = element(gradient, offset + units.begin);
  if (run_.spec.dtype == DType::f32) {
    const auto* const values = reinterpret_cast<const float*>(source) - units.begin;
    for (std::int64_t u = units.begin; u < units.end; ++u) target[u] += values[u];
    return;
  }
  constexpr std::int64_t kBlock = 64;
  float block[kBlock];
  for (std::int64_t done = 0; done < units.size(); done += kBlock) {
    const std::int64_t count = std::min(kBlock, units.size() - done);
    run_.kernels.load_row(run_.spec.dtype, element(source, done), count, block);
    for (std::int64_t u = 0; u < count; ++u) target[units.begin + done + u] += block[u];
  }
}

void RowGradients::store(const float* source, const Range& units, const BatchBuffer& target, std::int64_t row) const {
  auto* const row_begin = static_cast<std::byte*>(target.data) +
                          (row * target.stride + units.begin) * static_cast<std::int64_t>(size_of(run_.spec.dtype));
  run_.kernels.store_row(source + units.begin, units.size(), run_.spec.dtype, row_begin);
}

}  // namespace rondo::fused
