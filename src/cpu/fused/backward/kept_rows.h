/// What a run has kept, in f32.
#pragma once

#include "cpu/fused/backward/scratch.h"
#include "cpu/fused/backward/worker.h"
#include "recurrence/reserve.h"

namespace rondo::fused {

/// Reads rows of a reserve, for some of the units.
class KeptRows {
 public:
  KeptRows(const GradientArguments& run, const GradientScratch& scratch, const Range& units)
      : run_(run), scratch_(scratch), layout_(reserve_layout(run.spec, run.buffers.run.x.packed_rows)), units_(units) {}

  /// Where h before the step is: in the reserve, or converted for live row `live` of the chunk.
  const float* h(std::int64_t row, std::int64_t live) const {
    if (layout_.dtype != DType::f32) return scratch_.shared.h + live * run_.shape.H;
    return reinterpret_cast<const float*>(at(layout_.h_offset, row * layout_.h));
  }
  /// Converts this part's units of h.
  void convert_h(std::int64_t row, std::int64_t live) const {
    if (layout_.dtype == DType::f32) return;
    load(layout_.h_offset, row * layout_.h, scratch_.shared.h + live * run_.shape.H);
  }
  /// Gates and c of a row, this part's units; converted ones go to place `index`.
  void read_gates(std::int64_t row, std::int64_t index, GradientRow& target) const {
    const std::int64_t H = run_.shape.H;
    if (layout_.dtype == DType::f32) {
      target.kept = reinterpret_cast<const float*>(at(layout_.gates_offset, row * layout_.gates));
      target.c = reinterpret_cast<const float*>(at(layout_.c_offset, row * layout_.c));
      return;
    }
    float* const kept = scratch_.notes.kept + index * (layout_.gates + H);
    for (std::int64_t first = 0; first < layout_.gates; first += H) {
      load(layout_.gates_offset, row * layout_.gates + first, kept + first);
    }
    if (layout_.c > 0) load(layout_.c_offset, row * layout_.c, kept + layout_.gates);
    target.kept = kept;
    target.c = kept + layout_.gates;
  }

 private:
  const std::byte* at(std::size_t offset, std::int64_t element) const {
    return static_cast<const std::byte*>(run_.buffers.run.reserve) + offset +
           static_cast<std::size_t>(element) * size_of(layout_.dtype);
  }
  void load(std::size_t offset, std::int64_t element, float* target) const {
    run_.kernels.load_row(layout_.dtype, at(offset, element + units_.begin), units_.size(), target + units_.begin);
  }

  const GradientArguments& run_;
  const GradientScratch& scratch_;
  const ReserveLayout layout_;
  const Range units_;
};

}  // namespace rondo::fused
