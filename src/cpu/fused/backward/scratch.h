/// The workspace of the fused executor's gradients.
#pragma once

#include "cpu/fused/backward/shape.h"
#include "cpu/fused/partition.h"
#include "cpu/fused/row_shares.h"
#include "recurrence/buffers.h"
#include "recurrence/reserve.h"

namespace rondo::fused {

/// What all parts of a run share. A "live row" is a row at a step where it is live, numbered within its chunk.
struct SharedGradients {
  float* d_input;                 ///< (live row, row_stride): of x W + b
  float* d_recurrent;             ///< likewise, of h U + rb; is d_input where both are the same
  float* reset_h;                 ///< (live row, state_stride): r h, for a GRU that resets before its product
  float* x;                       ///< (live row, I): x in f32; no memory where x is f32
  float* h;                       ///< (live row, P): h before the step in f32; likewise
  float* d_states[kMaxStates];    ///< (B, state_stride)
  float* d_reset_h;               ///< (B, state_stride)
  float* reset_sums[kMaxStates];  ///< (B, state_stride): of each row's reset states
  // The operands of the weights' gradients, [tile of features][live row][kFeatureStride]:
  float* x_features;
  float* unprojected_features;
  float* h_features;
  float* reset_h_features;
  // Sums over all live rows, [panel of columns][I, P or 1][panel]:
  float* kernel;
  float* recurrent_kernel;
  float* bias;
  float* recurrent_bias;
  // Of an LSTM with peepholes:
  float* peephole_terms;  ///< (live row, kPeepholes, gate_stride): what a row adds to the sums
  float* peepholes;       ///< (kPeepholes, gate_stride): sums over all live rows
  // Of an LSTM with a projection:
  float* unprojected;    ///< (live row, state_stride): h after the step, before the projection
  float* d_projected;    ///< (live row, state_stride): of that product, before its clip
  float* d_unprojected;  ///< (B, state_stride)
  float* projection;     ///< [panel of columns][H][panel]: sums over all live rows
};

/// The most rows whose gradients are multiplied by features at once: with a tile of these, a panel of them fits the
/// first-level cache.
inline constexpr std::int64_t kPartRows = 128;

/// What one part notes.
struct GradientNotes {
  std::int32_t* live_rows;    ///< [live row]: b, in the order of steps and then rows, of all rows of the batch
  std::int32_t* first_live;   ///< [step of the chunk + 1]: its first live row
  const float** x;            ///< [live row]: x
  std::int64_t* d_x;          ///< [live row]: the offset of its row of d_x
  const float** h;            ///< [live row]: h before the step
  const float** reset_h;      ///< [live row]: r h
  const float** unprojected;  ///< [live row]: h after the step, before the projection
  const float** operands;     ///< [live row of the step or of a tile]
  GradientRow* rows;          ///< [live row of the step]
  std::int32_t* of_step;      ///< [live row of the step]: b
  float** targets;            ///< [live row of the step]: where a product is written
  float* kept;                ///< (live row of the step, kKept H + H): gates and c in f32; no memory where they are f32
  float* block;               ///< (most rows, panel, panels at once): sums of a product
  float* step_sums;           ///< (B or kMostRows, panel): likewise, for all live rows of a step
  float* columns;             ///< (kPartRows, panel): gradients of some rows, in the columns of a panel
  bool* reaches;              ///< [T][B]: whether the gradient of an output reaches h
  bool* own;                  ///< [B]: whether the row is in the part's group
  RowShareMemory shares;
};

/// The memory of a Rerun, which all parts share.
struct RerunMemory {
  KeptSteps steps;            ///< the gates and states of the range in f32
  float* states[kMaxStates];  ///< (B, P or H): the states before the range, in the order of Schedule::state_row
  void* workspace;            ///< of the forward run
};

struct GradientScratch {
  SharedGradients shared;
  GradientNotes notes;
  RerunMemory rerun;
  std::int64_t steps;     ///< the most of a chunk
  std::int64_t capacity;  ///< live rows that a chunk has room for
};

GradientScratch cut_gradient_scratch(void* workspace, const RecurrenceSpec& spec, const KernelTable& kernels,
                                     const Partition& partition, int index);

/// Bytes of a workspace that is large enough for any number of threads up to `threads`.
std::size_t gradient_scratch_bytes(const RecurrenceSpec& spec, const KernelTable& kernels, int threads);

}  // namespace rondo::fused
