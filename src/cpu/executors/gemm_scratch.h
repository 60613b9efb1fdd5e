/// The layout of the workspace of cpu_gemm.
#pragma once

#include "recurrence/buffers.h"
#include "recurrence/workspace.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

struct GemmScratch {
  float* input_sums;          ///< (T, B, G H) or (B, T, G H): x W
  float* recurrent_sums;      ///< (B, G H): h U
  float* states[kMaxStates];  ///< each (B, H); h is (B, P) with a projection
  float* reset_state;         ///< (B, H): r h
  float* unprojected;         ///< (B, H): the operand of the projection
  float* projected;           ///< (B, P): h before the clip
  bool* was_live;             ///< (B): whether a row has been live at any step so far

  GemmScratch(WorkspaceCutter& cutter, const RecurrenceSpec& spec) {
    const std::int64_t H = spec.cell.units;
    const std::int64_t columns = gate_count(spec.cell.kind) * H;
    input_sums = cutter.take<float>(spec.T * spec.B * columns);
    recurrent_sums = cutter.take<float>(spec.B * columns);
    for (int k = 0; k < kMaxStates; ++k) states[k] = cutter.take<float>(spec.B * state_units(spec.cell, k));
    reset_state = cutter.take<float>(spec.B * H);
    const std::int64_t P = spec.cell.projection_units.value_or(0);
    unprojected = cutter.take<float>(P > 0 ? spec.B * H : 0);
    projected = cutter.take<float>(spec.B * P);
    was_live = cutter.take<bool>(spec.B);
  }
};

}  // namespace rondo
