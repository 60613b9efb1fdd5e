/// Runs one recurrence by one executor on a device, and compares it with the reference in double on the CPU.
#pragma once

#include <optional>
#include <string>

#include "recurrence/executor.h"
#include "rondo/vocabulary/stall.h"
#include "support/random_recurrence.h"

namespace rondo::test {

enum class Outcome : std::uint8_t {
  right,
  wrong,     ///< too far from the reference, or not equal in every run
  stalled,   ///< blocks waited for others in vain
  declined,  ///< the device has no room for the kernel
};
std::string to_string(Outcome outcome);

struct Light {
  Outcome outcome = Outcome::right;
  double error = 0;                       ///< largest error, relative to the largest value that the run reads or writes
  double tolerance = 0;                   ///< the bound of `error`
  double us_per_run = 0;                  ///< time of a run of all sessions: the least over groups of queued runs
  std::optional<StallRecord> stall = {};  ///< the wait that was in vain
  std::string explanation = {};           ///< of every outcome except `right`
};

struct LightOptions {
  int sessions = 1;  ///< sessions that run at once, each on its own stream
  int runs = 200;    ///< further runs of each session, after the first
};

/// Runs `recurrence`, whose spec names the device and the dtype of the run.
Light light(const RandomRecurrence& recurrence, const Executor& executor, const LightOptions& options);

}  // namespace rondo::test
