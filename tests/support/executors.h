/// Which executors a test can ask.
#pragma once

#include <string>
#include <vector>

#include "rondo/error.h"
#include "rondo/plan.h"

namespace rondo::test {

/// Those that accept `spec`, in the order in which a plan asks them.
inline std::vector<std::string> executors_for(const RecurrenceSpec& spec) {
  std::vector<std::string> names;
  for (const std::string& name : executor_names(spec.device)) {
    try {
      (void)Plan::create(spec, {.executor = name});
      names.push_back(name);
    } catch (const ValueError&) {
    }
  }
  return names;
}

}  // namespace rondo::test
