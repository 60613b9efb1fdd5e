/// Small cases that try each exchange of h on a device that has never run a persistent kernel.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cuda/persistent/shape/persistent_shape.h"
#include "recurrence/executor.h"
#include "rondo/vocabulary/device.h"
#include "support/random_recurrence.h"

namespace rondo::test {

struct FirstLightCase {
  PersistentKind kind;
  std::string name;
  /// A regular expression for the names (candidate_name) of candidates that are not trusted after this case fails;
  /// empty where a failure says nothing of a single run.
  std::string candidates;
  RecurrenceSpec spec;
  std::function<bool(const PersistentShape&)> wanted;
  bool in_little_memory = false;  ///< plans for a device with little shared memory, so that weights stream
  int sessions = 1;               ///< how many sessions run at once, each on its own stream

  /// The name on the command line: "cluster 8".
  std::string full_name() const;
};

/// All cases, in the order in which programs try them. Sizes of grids depend on the device's multiprocessors.
std::vector<FirstLightCase> first_light_cases(const DeviceProperties& properties);

/// The case of this name. Throws `ValueError`, which lists the names, for an unknown name.
FirstLightCase find_first_light_case(const std::vector<FirstLightCase>& cases, const std::string& full_name);

/// An executor for the candidate that a case wants; null where the device has no such candidate.
std::unique_ptr<const Executor> candidate_of(const FirstLightCase& wanted, DeviceProperties properties);

/// The tensors of a run, in f32 and without gaps, masks and lengths. Recurrent weights are as large as in use, so that
/// a step with a wrong h shows.
RandomRecurrence recurrence_of(const FirstLightCase& wanted);

}  // namespace rondo::test
