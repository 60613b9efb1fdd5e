/// Which persistent kernel runs a recurrence, on how many blocks, and how fast: host arithmetic on plain data, so that
/// one can ask without a GPU. Floor 4.
#pragma once

#include <string>
#include <vector>

#include "cuda/persistent/shape/block_layout.h"
#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

struct TuningRow;

struct PersistentPlan {
  PersistentShape shape = {};
  BlockBytes bytes = {};
  double step_ns = 0;   ///< predicted, of one step of all rows; with the product of the inputs if the kernel has it
  double total_ns = 0;  ///< and of the run, with the product of the inputs, whose ever it is
  const TuningRow* measured = nullptr;  ///< where it was taken from the tuning table: its row there
};

/// All ways of a kind that fit the device, the one that the model expects to be fastest first.
std::vector<PersistentPlan> persistent_plans(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                             PersistentKind kind);

/// "block", "cluster", "grid".
std::string to_string(PersistentKind kind);

/// A short name for a way to share out a recurrence, such as "cluster_16x4_8rows_32units_4k": 4 teams of 16 blocks with
/// so many rows and units each, whose warps cut k in 4. In a grid "2x8units" are those of two warps beside each other.
/// "_2rowtiles" is added where there is room for more rows than these need, and "_2streamed" where a warp reads so many
/// tiles of its weights in every step, "_once" where it reads them once for all rows, "_fused" where the kernel
/// multiplies x as well, "_alone" where words of few rows go alone, "_onefirst" for the other way to poll. No two ways
/// of a recurrence on a device have the same name.
std::string candidate_name(const PersistentShape& shape);

/// What a plan does, in words, what the model expects of it, and its way's name.
std::string to_string(const PersistentPlan& plan);
}  // namespace rondo
