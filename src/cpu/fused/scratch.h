/// The workspace of a run of the fused executor.
#pragma once

#include "cpu/fused/panels.h"
#include "cpu/fused/partition.h"

namespace rondo::fused {

/// What all rows have between steps, and what a step makes of it: rows of `stride` floats.
struct States {
  float* h[2];  ///< a row has one of them, and gets the other one in a live step
  float* c;
  float* reset_h;
  std::int64_t stride;
};

/// The notes of one part of a run. "Live rows" are those that are live in a step.
struct Notes {
  float* converted;         ///< (live row of the chunk, I): x in f32, where x is not
  const float** inputs;     ///< of each live row of the chunk: x
  const float** operands;   ///< of each live row of a step: what the recurrent kernel is multiplied with
  RowStates* row_states;    ///< of each live row of a step
  std::int32_t* live_rows;  ///< those of all steps of the chunk, one step after the other
  std::int32_t* counts;     ///< of each step of the chunk: its live rows
  std::uint8_t* current;    ///< of each row: which of the two h it has
  bool* was_live;           ///< of each row: whether it has been live at all
};

struct Scratch {
  States states;
  float* input[2];     ///< of the group of rows, for each pass, [panel][live row of the chunk][vector][lane]: x W + b
  Notes notes;         ///< of the part
  std::int64_t steps;  ///< of a chunk
  std::int64_t capacity;  ///< live rows that a chunk has room for
};

/// Lays out `workspace` for a run of so many parts, and gives what part `index` needs. Every part calls it.
Scratch cut_scratch(void* workspace, const RecurrenceSpec& spec, int lanes, const Partition& partition, int index);

/// Bytes of a workspace that does for any number of parts up to `threads`.
std::size_t scratch_bytes(const RecurrenceSpec& spec, int lanes, int threads);

}  // namespace rondo::fused
