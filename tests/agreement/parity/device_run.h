/// A random recurrence, run on a device with its rows laid out at random.
#pragma once

#include "agreement/parity/parity_record.h"
#include "agreement/property/random_recurrence.h"
#include "recurrence/executor.h"
#include "rondo/vocabulary/device.h"

namespace rondo::test {

struct DeviceRun {
  ParityCase how;
  Device device;
  GraphUse graph_use = GraphUse::automatic;
  std::uint64_t layout_seed = 0;  ///< 0: all rows without gaps
  /// Runs of the session, all with the same tensors: the second is recorded, the third replayed.
  int repeats = 1;
  /// Instead of the one that `how` names.
  const Executor* executor = nullptr;
};

/// The spec as it is run.
RecurrenceSpec spec_on_device(const RecurrenceSpec& spec, const DeviceRun& run);

/// What it wrote, on the CPU. Outputs are NaN before each run; fails the test if something is written between rows.
RunResult run_on_device(const RandomRecurrence& recurrence, const DeviceRun& run);

/// All numbers rounded to what `how` computes with, so that what is left of an error is the executor's own.
RandomRecurrence rounded(RandomRecurrence recurrence, const ParityCase& how);

/// How far a result may be off, relative to the largest value that the run reads or writes: the dtype's, of f64 1e-12,
/// f32 1e-5, tf32 2e-3, f16 2e-3, bf16 1e-2; of tf32x3 1e-5, or tf32x3_error of its longest sum where that is more.
double tolerance_of(const ParityCase& how, const RecurrenceSpec& spec);

/// The largest error against the reference in double, relative likewise, of the numbers as they are.
double relative_error(const RandomRecurrence& recurrence, const DeviceRun& run);

/// Compares with the reference in double, of rounded numbers and within the tolerance, and records the error.
void expect_parity(const RandomRecurrence& recurrence, const DeviceRun& run);

}  // namespace rondo::test
