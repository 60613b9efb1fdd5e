/// Which persistent kernel runs a recurrence, on how many blocks, and how fast: host arithmetic alone, so that a caller
/// can ask without a GPU.
#pragma once

#include <string>
#include <vector>

#include "cuda/persistent/shape/block_layout.h"
#include "cuda/persistent/shape/operand_kind.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

struct TuningRow;

struct PersistentPlan {
  PersistentShape shape = {};
  BlockBytes bytes = {};
  double step_ns = 0;  ///< predicted time of one step of all rows, including x W if the kernel computes it
  /// Predicted time of the run, including x W, whether a product before the kernel or the kernel computes it; of
  /// gradients, that of the kernel alone.
  double total_ns = 0;
  const TuningRow* measured = nullptr;  ///< the row of the tuning table that the plan was taken from, or null
};

/// All plans of a kind and a pass that fit the device, in no order, without those that differ from another one in Polls
/// alone.
std::vector<PersistentPlan> unsorted_persistent_plans(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                                      PersistentKind kind, Pass pass);

/// All plans of a kind for a run forward that fit the device, sorted by the time that the model expects.
std::vector<PersistentPlan> persistent_plans(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                             PersistentKind kind);

/// "block", "cluster", "grid".
std::string name_of(PersistentKind kind);

/// A short name of a shape, such as "cluster_16x4_8rows_32units_4k": 4 teams of 16 blocks with 8 rows and 32 units
/// each, whose warps cut k in 4. In a grid "2x8units" says that a block has two warps beside each other, of 8 units
/// each.
///
///     _2rowtiles    the kernel has 2 row tiles, more than the rows need
///     _fused        the kernel multiplies x as well
///     _2streamed    a warp reads 2 tiles of its weights in every step
///     _once         it reads these tiles once for all rows
///     _alone        GridWords::alone with few rows, which may also have numbered words
///     _onefirst     Polls::one_first
///     _scattered    of gradients: blocks send each other sums of dh, where they otherwise send dG
///
/// No two candidates of a recurrence on a device have the same name.
std::string candidate_name(const PersistentShape& shape);

/// What a plan does, in words, the time that the model expects, and the name of its shape.
std::string in_words(const PersistentPlan& plan);
}  // namespace rondo
