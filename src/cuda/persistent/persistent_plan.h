/// Which persistent kernel runs a recurrence, on how many blocks, and how fast: host arithmetic on plain data, so that
/// one can ask without a GPU. Floor 4.
#pragma once

#include <string>
#include <vector>

#include "cuda/persistent/block_layout.h"
#include "rondo/device.h"
#include "rondo/recurrence.h"

namespace rondo {

struct PersistentPlan {
  PersistentShape shape = {};
  BlockBytes bytes = {};
  double step_ns = 0;   ///< predicted, of one step of all rows
  double total_ns = 0;  ///< and of the run, without the products of the inputs
};

/// All ways of a kind that fit the device, the fastest first.
std::vector<PersistentPlan> persistent_plans(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                             PersistentKind kind);

/// "block", "cluster", "grid".
std::string to_string(PersistentKind kind);

/// What a plan does, in words, and what the model expects of it.
std::string to_string(const PersistentPlan& plan);

/// What the model expects of cuda_stepwise for the same run, in nanoseconds.
double stepwise_total_ns(const RecurrenceSpec& spec, const DeviceProperties& properties);

}  // namespace rondo
