/// The chunks of steps that a run's gradients are computed in.
#pragma once

#include "cpu/fused/backward/kept_rows.h"

namespace rondo::fused {

/// Finds chunks, and notes which of their rows are live. Every part of a run finds the same chunks.
class GradientChunks {
 public:
  GradientChunks(const GradientArguments& run, const GradientScratch& scratch, const KeptRows& kept)
      : run_(run), scratch_(scratch), kept_(kept), schedule_(run.buffers.run.schedule) {}

  /// Notes the rows of this part's group.
  void note_own_rows(std::span<const std::int32_t> rows) const;

  /// The first step of the chunk that ends before step `last`: it has as many steps, from `first_of_range` on, as have
  /// room for their live rows.
  std::int64_t first_step(std::int64_t first_of_range, std::int64_t last) const;

  /// Notes which rows are live in each step of the chunk, and where they have read x and h.
  void note(const Range& steps) const;

 private:
  std::int64_t live_rows(std::int64_t s) const;
  const float* input_row(std::int64_t t, std::int64_t b, std::int64_t live) const;

  const GradientArguments& run_;
  const GradientScratch& scratch_;
  const KeptRows& kept_;
  const Schedule& schedule_;
};

}  // namespace rondo::fused
