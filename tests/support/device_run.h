/// Runs a random recurrence on a device, with its rows laid out at random.
#pragma once

#include "recurrence/executor.h"
#include "rondo/vocabulary/device.h"
#include "support/parity_record.h"
#include "support/random_recurrence.h"

namespace rondo::test {

struct DeviceRun {
  ParityCase how;
  Device device;
  GraphUse graph_use = GraphUse::automatic;
  std::uint64_t layout_seed = 0;  ///< 0: all rows without gaps
  /// How many runs the session does with the same tensors: the second is recorded, the third replayed.
  int repeats = 1;
  /// Replaces the executor that `how` names.
  const Executor* executor = nullptr;
};

/// The spec of the run.
RecurrenceSpec spec_on_device(const RecurrenceSpec& spec, const DeviceRun& run);

/// Runs, and returns the outputs on the CPU. Outputs are NaN before each run. A write between rows fails the test.
RunResult run_on_device(const RandomRecurrence& recurrence, const DeviceRun& run);

/// The recurrence with all numbers rounded to the precision of `how`, so that all errors are the executor's.
RandomRecurrence rounded(RandomRecurrence recurrence, const ParityCase& how);

/// The tolerance of a result, relative to the largest value that the run reads or writes: f64 1e-12, f32 1e-5,
/// tf32 2e-3, f16 2e-3, bf16 1e-2; tf32x3 1e-5, or tf32x3_error of the longest sum where that is more.
double tolerance_of(const ParityCase& how, const RecurrenceSpec& spec);

/// The largest error against the reference in double without rounding of inputs, relative as for tolerance_of.
double relative_error(const RandomRecurrence& recurrence, const DeviceRun& run);

/// Compares with the reference in double on rounded numbers, within the tolerance, and records the error.
void expect_parity(const RandomRecurrence& recurrence, const DeviceRun& run);

}  // namespace rondo::test
