/// The workspace of a run of the fused executor.
#pragma once

#include "cpu/fused/panels.h"
#include "cpu/fused/partition.h"
#include "cpu/fused/row_shares.h"

namespace rondo::fused {

/// The states of all rows between steps, and the states that a step writes: rows of `stride` floats.
struct States {
  float* h[2];  ///< one of the two is a row's current h, and a live step writes the other one
  float* c;
  float* reset_h;
  float* piece_h;      ///< what a row's h is when it begins a piece; no memory without resets
  float* unprojected;  ///< h before a projection; no memory without one
  std::int64_t stride;
};

/// What one part of a run notes about rows and steps. A "live row" is a row at a step where it is live.
struct Notes {
  float* converted;        ///< [live row of the chunk]: x as products take it; no memory where x is given so
  const float** inputs;    ///< [live row of the chunk]: x
  const float** operands;  ///< [live row of the step]: what the recurrent kernel is multiplied by
  float* pairs;            ///< [live row of the step]: operands in bf16 or 8 bits; no memory where they are f32
  RowStates* row_states;   ///< [live row of the step]
  float** projected;       ///< [live row of the step]: where the projected h is written; no memory without a projection
  std::int32_t* live_rows;  ///< [live row of the chunk]: b, one step after the other
  std::int32_t* counts;     ///< [step of the chunk]: the number of its live rows
  std::uint8_t* current;    ///< [B]: which of the two h is current; kPieceH: piece_h
  bool* was_live;           ///< [B]: whether the row has been live in its piece
  RowShareMemory shares;
};

inline constexpr std::uint8_t kPieceH = 2;

struct Scratch {
  States states;
  float* input[2];  ///< [pass][panel][live row of the chunk][vector][lane]: x W + b; the group of rows shares it
  /// (live row of the step, kKept H): gates that the reserve has in another dtype. The group of rows shares it: parts
  /// have other units in each pass. Even and odd steps have memory of their own, because a part may be a step ahead.
  float* kept[2];
  Notes notes;            ///< only this part's
  std::int64_t steps;     ///< the most steps of a chunk
  std::int64_t capacity;  ///< live rows that a chunk has room for
};

/// Lays out `workspace` for a run with this partition, and returns the addresses for part `index`. Every part calls it.
Scratch cut_scratch(void* workspace, const RecurrenceSpec& spec, const PanelFormat& format, const Partition& partition,
                    int index);

/// Bytes of a workspace that is large enough for any number of threads up to `threads` and, with state_rows, for runs
/// of fewer rows and steps.
std::size_t scratch_bytes(const RecurrenceSpec& spec, const PanelFormat& format, int threads);

}  // namespace rondo::fused
