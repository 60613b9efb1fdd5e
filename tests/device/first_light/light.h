/// Runs one recurrence by one executor on a device, and compares it with the reference in double on the CPU.
#pragma once

#include <optional>
#include <string>

#include "agreement/property/random_recurrence.h"
#include "recurrence/executor.h"
#include "rondo/vocabulary/stall.h"

namespace rondo::test {

enum class Outcome : std::uint8_t {
  right,
  wrong,     ///< too far from the reference, or not the same in every run
  stalled,   ///< blocks waited for others in vain
  declined,  ///< the device has no room for it
};
std::string to_string(Outcome outcome);

struct Light {
  Outcome outcome = Outcome::right;
  double error = 0;       ///< relative to the largest value that the run reads or writes
  double tolerance = 0;   ///< for it
  double us_per_run = 0;  ///< of a few runs, queued one after the other, the least; of all sessions together
  std::optional<StallRecord> stall = {};  ///< of who waited in vain
  std::string explanation = {};           ///< of everything but `right`
};

struct LightOptions {
  int sessions = 1;  ///< at once, each on a stream of its own
  int runs = 200;    ///< of each session, after the first
};

/// The spec of `recurrence` names the device, where the executor runs it, and the dtype.
Light light(const RandomRecurrence& recurrence, const Executor& executor, const LightOptions& options);

}  // namespace rondo::test
