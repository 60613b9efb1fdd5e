/// What rows carry from step to step, where it comes from, and what goes out.
#pragma once

#include "cpu/fused/worker.h"

namespace rondo::fused {

/// Some of the units of a group of rows.
class RowIo {
 public:
  /// `scratch` lives as long as this.
  RowIo(const WorkerArguments& run, const Scratch& scratch, const Range& rows, const Range& units)
      : run_(run), spec_(run.spec), scratch_(scratch), rows_(rows), units_(units) {}

  /// Every row has its initial states, and was never live.
  void load_initial_states() const;

  /// Whether a row's h is zeros, because it has not been live and had no initial one.
  bool h_is_zeros(std::int64_t b) const {
    return run_.buffers.initial_state[0].data == nullptr && !scratch_.notes.was_live[b - rows_.begin];
  }

  /// Where the states of a live row are read and written in this step; it has the written ones from now on.
  RowStates begin_step(std::int64_t b) const;

  /// Writes what all rows emit at processing step s, whose states are there, into y, where one is wanted.
  void emit(std::int64_t s) const;

  /// Writes the last output and the final states.
  void store_results() const;

 private:
  float* row_of(float* states, std::int64_t b) const { return states + b * scratch_.states.stride; }
  float* h_of(std::int64_t b) const { return row_of(scratch_.states.h[scratch_.notes.current[b - rows_.begin]], b); }
  std::byte* element(void* data, std::int64_t index) const;
  void load(const BatchBuffer& initial, std::int64_t b, float* states) const;
  void store(const float* states, void* target, std::int64_t offset) const;
  void store_zeros(void* target, std::int64_t offset) const;
  void emit_row(std::int64_t s, std::int64_t b, void* target, std::int64_t offset) const;

  const WorkerArguments& run_;
  const RecurrenceSpec& spec_;
  const Scratch& scratch_;
  const Range rows_;
  const Range units_;
};

}  // namespace rondo::fused
