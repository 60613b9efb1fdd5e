#include "layers/loop/reordered_rows.h"

#include "rondo/ops/ops.h"

namespace rondo {

Nest rows_reordered(const Nest& sequence, const Schedule& schedule, const SequenceSizes& sizes) {
  return sequence.map([&](const Tensor& leaf) {
    Tensor result = leaf.clone();
    for (std::int64_t b = 0; b < schedule.B; ++b) {
      const std::int64_t steps = schedule.reversed_steps(schedule.length(b));
      if (steps < 2) continue;
      const Tensor row = leaf.select(sizes.batch_axis, b);
      result.select(sizes.batch_axis, b).slice(0, 0, steps).copy_from(row.slice(0, steps - 1, -1, -1));
    }
    return result;
  });
}

Tensor resets_reordered(const Tensor& resets, const Schedule& schedule, const SequenceSizes& sizes) {
  const Tensor result = zeros_like(resets);
  for (std::int64_t b = 0; b < sizes.B; ++b) {
    for (std::int64_t s = 0; s < sizes.T; ++s) {
      const std::int64_t t = schedule.reset_time(s, b);
      if (t < schedule.length(b))
        result.select(1, b).slice(0, s, s + 1).copy_from(resets.select(1, b).slice(0, t, t + 1));
    }
  }
  return result;
}

}  // namespace rondo
