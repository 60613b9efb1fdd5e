/// What a run has kept, in f32.
#pragma once

#include "cpu/fused/backward/scratch.h"
#include "cpu/fused/backward/worker.h"
#include "recurrence/reserve.h"

namespace rondo::fused {

/// Reads rows of the steps that were kept, for some of the units.
class KeptRows {
 public:
  KeptRows(const GradientArguments& run, const GradientScratch& scratch, const OwnUnits& units)
      : run_(run),
        scratch_(scratch),
        units_(units),
        steps_{reserve_layout(run.spec, run.buffers.run.x.packed_rows), run.buffers.run.reserve} {}

  /// Reads these steps from now on: they were run again.
  void read_from(const KeptSteps& steps) { steps_ = steps; }

  std::int64_t row(std::int64_t s, std::int64_t b) const {
    return steps_.row(run_.buffers.run.schedule, run_.buffers.run.x.strides, s, b);
  }

  /// Where h before the step is: in the reserve, or converted for live row `live` of the chunk.
  const float* h(std::int64_t row, std::int64_t live) const {
    if (steps_.layout.dtype != DType::f32) return scratch_.shared.h + live * run_.shape.P;
    return reinterpret_cast<const float*>(at(steps_.layout.h_offset, row * steps_.layout.h));
  }
  /// Converts this part's units of h.
  void convert_h(std::int64_t row, std::int64_t live) const {
    if (steps_.layout.dtype == DType::f32) return;
    load(units_.h, steps_.layout.h_offset, row * steps_.layout.h, scratch_.shared.h + live * run_.shape.P);
  }
  /// Gates and c of a row, this part's units; converted ones go to place `index`.
  void read_gates(std::int64_t row, std::int64_t index, GradientRow& target) const {
    const std::int64_t H = run_.shape.H;
    if (steps_.layout.dtype == DType::f32) {
      target.kept = reinterpret_cast<const float*>(at(steps_.layout.gates_offset, row * steps_.layout.gates));
      target.c = reinterpret_cast<const float*>(at(steps_.layout.c_offset, row * steps_.layout.c));
      return;
    }
    float* const kept = scratch_.notes.kept + index * (steps_.layout.gates + H);
    for (std::int64_t first = 0; first < steps_.layout.gates; first += H) {
      load(units_.gates, steps_.layout.gates_offset, row * steps_.layout.gates + first, kept + first);
    }
    if (steps_.layout.c > 0) {
      load(units_.gates, steps_.layout.c_offset, row * steps_.layout.c, kept + steps_.layout.gates);
    }
    target.kept = kept;
    target.c = kept + steps_.layout.gates;
  }

 private:
  const std::byte* at(std::size_t offset, std::int64_t element) const {
    return static_cast<const std::byte*>(steps_.memory) + offset +
           static_cast<std::size_t>(element) * size_of(steps_.layout.dtype);
  }
  void load(const Range& units, std::size_t offset, std::int64_t element, float* target) const {
    run_.kernels.load_row(steps_.layout.dtype, at(offset, element + units.begin), units.size(), target + units.begin);
  }

  const GradientArguments& run_;
  const GradientScratch& scratch_;
  const OwnUnits units_;
  KeptSteps steps_;
};

}  // namespace rondo::fused
