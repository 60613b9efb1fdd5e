#include "cpu/fused/backward/projection_gradient.h"

#include <algorithm>

namespace rondo::fused {

void ProjectionGradient::run(int count, bool backward) const {
  const GradientNotes& notes = scratch_.notes;
  const std::int64_t stride = run_.shape.state_stride();
  clip(count, backward);
  meet_group();
  for (int i = 0; i < count; ++i) {
    notes.operands[i] = projected(i);
    notes.targets[i] = scratch_.shared.d_unprojected + notes.of_step[i] * stride;
  }
  products_.multiply(count, run_.weights.projection(), {.panels = panels_.gates, .adds = false, .backward = backward});
}

/// d_projected = d_h where the product is within the clip, and 0 elsewhere, for own panels of h. No run has kept the
/// product, so it is made again.
void ProjectionGradient::clip(int count, bool backward) const {
  const GradientNotes& notes = scratch_.notes;
  const bool clips = run_.spec.cell.projection_clip.has_value();
  if (clips) {
    meet_group();  // with the other parts' units of the operands
    for (int i = 0; i < count; ++i) {
      notes.operands[i] = notes.rows[i].unprojected;
      notes.targets[i] = projected(i);
    }
    products_.multiply(count, run_.variant.projection(), {.panels = panels_.h, .adds = false, .backward = backward});
  }
  const auto bound = bound_of<float>(run_.spec.cell.projection_clip);
  for (int i = 0; i < count; ++i) {
    const float* const d_h = scratch_.shared.d_states[0] + notes.of_step[i] * run_.shape.state_stride();
    float* const product = projected(i);
    for (std::int64_t u = panels_.h.begin * run_.shape.panel; u < panels_.h.end * run_.shape.panel; ++u) {
      const bool passes = !clips || (product[u] >= -bound && product[u] <= bound);
      product[u] = passes ? d_h[u] : 0.0F;
    }
  }
}

/// The row of d_projected that belongs to live row `index` of the step.
float* ProjectionGradient::projected(int index) const {
  return scratch_.shared.d_projected + (scratch_.notes.rows[index].unprojected - scratch_.shared.unprojected);
}

}  // namespace rondo::fused
