#include "cpu/fused/backward/gradient_chunks.h"

#include <algorithm>

namespace rondo::fused {

void GradientChunks::note_own_rows(std::span<const std::int32_t> rows) const {
  std::fill_n(scratch_.notes.own, run_.spec.B, false);
  for (const std::int32_t b : rows) scratch_.notes.own[b] = true;
}

std::int64_t GradientChunks::first_step(std::int64_t first_of_range, std::int64_t last) const {
  const std::int64_t least = std::max(first_of_range, last - scratch_.steps);
  std::int64_t room = scratch_.capacity;
  for (std::int64_t first = last; first > least; --first) {
    room -= live_rows(first - 1);
    if (room < 0) return first;
  }
  return least;
}

std::int64_t GradientChunks::live_rows(std::int64_t s) const {
  if (schedule_.all_live()) return run_.spec.B;
  std::int64_t live = 0;
  for (std::int64_t b = 0; b < run_.spec.B; ++b) live += schedule_.live(s, b) ? 1 : 0;
  return live;
}

void GradientChunks::note(const Range& steps) const {
  const GradientNotes& notes = scratch_.notes;
  std::int32_t live = 0;
  for (std::int64_t s = steps.begin; s < steps.end; ++s) {
    notes.first_live[s - steps.begin] = live;
    for (std::int64_t b = 0; b < run_.spec.B; ++b) {
      if (!schedule_.live(s, b)) continue;
      const std::int64_t t = schedule_.read_time(s, b);
      notes.live_rows[live] = static_cast<std::int32_t>(b);
      notes.x[live] = input_row(t, b, live);
      notes.d_x[live] = run_.buffers.d_x.strides.offset(t, b);
      notes.h[live] = kept_.h(kept_.row(s, b), live);
      notes.reset_h[live] = scratch_.shared.reset_h + live * run_.shape.state_stride();
      if (run_.shape.projects) notes.unprojected[live] = scratch_.shared.unprojected + live * run_.shape.state_stride();
      ++live;
    }
  }
  notes.first_live[steps.size()] = live;
}

/// Where x of a live row is in f32. Another dtype is converted by one part of the row's group.
const float* GradientChunks::input_row(std::int64_t t, std::int64_t b, std::int64_t live) const {
  const RecurrenceSpec& spec = run_.spec;
  const std::int64_t offset = run_.buffers.run.x.strides.offset(t, b);
  const auto* x =
      static_cast<const std::byte*>(run_.buffers.run.x.data) + offset * static_cast<std::int64_t>(size_of(spec.dtype));
  if (spec.dtype == DType::f32) return reinterpret_cast<const float*>(x);
  float* const converted = scratch_.shared.x + live * spec.I;
  const bool converts = scratch_.notes.own[b] && run_.index % run_.partition.unit_groups == 0;
  if (converts) run_.kernels.load_row(spec.dtype, x, spec.I, converted);
  return converted;
}

}  // namespace rondo::fused
