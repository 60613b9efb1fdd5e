/// The states that rows carry from step to step: how a run loads, advances, emits and stores them.
#pragma once

#include "cpu/fused/worker.h"

namespace rondo::fused {

/// Reads and writes some of the units of a group of rows.
class RowIo {
 public:
  /// `run` and `scratch` must outlive the RowIo.
  RowIo(const WorkerArguments& run, const Scratch& scratch, std::span<const std::int32_t> rows, const OwnUnits& units)
      : run_(run), spec_(run.spec), scratch_(scratch), rows_(rows), units_(units) {}

  /// Gives every row its initial states, and marks all rows as never live.
  void load_initial_states() const;

  /// Replaces the states of the rows that begin a piece before processing step s.
  void begin_pieces(std::int64_t s) const;

  /// Whether the h of row b is zeros, because the row has not been live in its piece, whose first h was not given.
  bool h_is_zeros(std::int64_t b) const {
    if (scratch_.notes.was_live[b]) return false;
    const bool replaced = scratch_.notes.current[b] == kPieceH;
    return (replaced ? run_.buffers.reset_state : run_.buffers.initial_state)[0].data == nullptr;
  }

  /// Returns where a step reads and writes the states of the live row b. From now on the written h is the current one.
  RowStates begin_step(std::int64_t b) const;

  /// The current states of row b.
  const float* h_of(std::int64_t b) const {
    const std::uint8_t current = scratch_.notes.current[b];
    return current == kPieceH ? piece_h_of(b) : row_of(scratch_.states.h[current], b);
  }
  const float* c_of(std::int64_t b) const { return row_of(scratch_.states.c, b); }

  /// Writes the outputs of all rows at processing step s into y, if the run has a y. The new states must be complete.
  void emit(std::int64_t s) const;

  /// Writes the last output and the final states that the run has buffers for.
  void store_results() const;

 private:
  float* row_of(float* states, std::int64_t b) const { return states + b * scratch_.states.stride; }
  /// Rows whose pieces begin with the same h share the memory of the group's first row.
  float* piece_h_of(std::int64_t b) const {
    return row_of(scratch_.states.piece_h, run_.buffers.reset_state[0].stride == 0 ? rows_.front() : b);
  }
  void load_piece_h(bool pads) const;
  std::byte* element(void* data, std::int64_t index) const;
  const Range& units_of(int state) const { return state == 0 ? units_.h : units_.gates; }
  void load(int state, const BatchBuffer& given, DType dtype, std::int64_t b, float* states) const;
  void store(int state, const float* states, void* target, std::int64_t offset) const;
  void store_zeros(void* target, std::int64_t offset) const;
  void emit_row(std::int64_t s, std::int64_t b, void* target, std::int64_t offset) const;

  const WorkerArguments& run_;
  const RecurrenceSpec& spec_;
  const Scratch& scratch_;
  const std::span<const std::int32_t> rows_;
  const OwnUnits units_;
};

}  // namespace rondo::fused
