#include "cpu/fused/backward/variant_sums.h"

#include <algorithm>

namespace rondo::fused {

VariantSums::VariantSums(const GradientArguments& run, const GradientScratch& scratch)
    : run_(run),
      scratch_(scratch),
      shape_(run.shape),
      panels_(run.part_of(shape_.projects ? shape_.h_panels() : 0)),
      units_(run.part_of(shape_.H)),
      sums_(run, scratch) {}

Sums VariantSums::projection() const {
  return {scratch_.shared.projection, shape_.H, run_.buffers.d_weights.projection};
}

void VariantSums::begin() const {
  sums_.begin(projection(), panels_);
  if (run_.buffers.d_weights.peepholes == nullptr) return;
  for (int k = 0; k < kPeepholes; ++k) {
    float* const sums = scratch_.shared.peepholes + k * shape_.gate_stride;
    std::fill(sums + units_.begin, sums + units_.end, 0.0F);
  }
}

void VariantSums::pack_features(std::int64_t live) const {
  if (run_.buffers.d_weights.projection == nullptr) return;
  sums_.pack(scratch_.notes.unprojected, run_.part_of(live), shape_.H, scratch_.shared.unprojected_features);
}

void VariantSums::add(std::int64_t live) const {
  if (run_.buffers.d_weights.peepholes != nullptr) add_peepholes(live);
  if (run_.buffers.d_weights.projection == nullptr) return;
  for (std::int64_t p = panels_.begin; p < panels_.end; ++p) {
    for (std::int64_t row = 0; row < live; row += kPartRows) {
      const Range rows{row, std::min(row + kPartRows, live)};
      sums_.copy_columns(rows, p, scratch_.shared.d_projected, shape_.state_stride());
      sums_.add_outer(scratch_.shared.unprojected_features, rows, p, projection());
    }
  }
}

// The rows are added in their order, so that the sums do not depend on the number of threads.
void VariantSums::add_peepholes(std::int64_t live) const {
  for (std::int64_t row = 0; row < live; ++row) {
    const float* const terms = scratch_.shared.peephole_terms + row * kPeepholes * shape_.gate_stride;
    for (int k = 0; k < kPeepholes; ++k) {
      const std::int64_t first = k * shape_.gate_stride;
      for (std::int64_t u = units_.begin; u < units_.end; ++u) scratch_.shared.peepholes[first + u] += terms[first + u];
    }
  }
}

void VariantSums::store() const {
  sums_.store(projection(), panels_, {1, shape_.P, shape_.h_panels() * shape_.panel});
  const WeightGradientBuffers& target = run_.buffers.d_weights;
  if (target.peepholes == nullptr) return;
  const auto bytes = static_cast<std::int64_t>(size_of(target.dtype));
  for (int k = 0; k < kPeepholes; ++k) {
    for (std::int64_t u = units_.begin; u < units_.end; u += shape_.panel) {
      sums_.store(scratch_.shared.peepholes + k * shape_.gate_stride + u, std::min(shape_.panel, units_.end - u),
                  target.accumulate, target.dtype,
                  static_cast<std::byte*>(target.peepholes) + (k * shape_.H + u) * bytes);
    }
  }
}

}  // namespace rondo::fused
