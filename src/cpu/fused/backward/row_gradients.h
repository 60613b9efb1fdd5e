/// The gradients that a group of rows carries from step to step: how a run loads, adds, replaces and stores them.
#pragma once

#include "cpu/fused/backward/worker.h"

namespace rondo::fused {

/// Reads and writes some of the units of a group of rows.
class RowGradients {
 public:
  /// `run` and `scratch` must outlive the RowGradients.
  RowGradients(const GradientArguments& run, const GradientScratch& scratch, std::span<const std::int32_t> rows,
               const OwnUnits& units);

  /// Gives every row the gradients of its final states.
  void load_final_states() const;
  /// Adds the gradients of what the rows emit at processing step s.
  void add_outputs(std::int64_t s) const;
  /// Moves the gradients of the rows that begin a piece at processing step s to those of the reset state.
  void end_pieces(std::int64_t s) const;
  /// Writes zeros to d_x for the rows that are dead at processing step s.
  void clear_dead_inputs(std::int64_t s) const;
  /// Writes the gradients of the initial states, and those of reset states that each row has of its own.
  void store_states() const;
  /// Writes the gradients of reset states that all rows share, for this part's share of all units.
  void store_shared_reset_state() const;

  float* d_state(int k, std::int64_t b) const { return row_of(scratch_.shared.d_states[k], b); }
  float* row_of(float* states, std::int64_t b) const { return states + b * run_.shape.state_stride(); }

 private:
  void find_reaches() const;
  bool& reaches(std::int64_t s, std::int64_t b) const { return scratch_.notes.reaches[s * run_.spec.B + b]; }
  const Range& units_of(int state) const { return state == 0 ? units_.h : units_.gates; }
  void add(int state, const void* gradient, std::int64_t offset, float* target) const;
  const std::byte* element(const void* data, std::int64_t index) const {
    return static_cast<const std::byte*>(data) + index * static_cast<std::int64_t>(size_of(run_.spec.dtype));
  }
  void store(const float* source, const Range& units, const BatchBuffer& target, std::int64_t row) const;

  const GradientArguments& run_;
  const GradientScratch& scratch_;
  const Schedule& schedule_;
  const std::span<const std::int32_t> rows_;
  const OwnUnits units_;
  const int states_;
};

}  // namespace rondo::fused
