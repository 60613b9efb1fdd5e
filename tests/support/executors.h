/// The executors that a test can ask.
#pragma once

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "rondo/plan/plan.h"
#include "rondo/vocabulary/error.h"

namespace rondo::test {

/// Whether RONDO_TEST_WITHOUT, names with blanks between them, has this executor. Tests do not ask executors that are
/// known to fail on a device and may hang there.
inline bool is_left_out(const std::string& executor) {
  const char* names = std::getenv("RONDO_TEST_WITHOUT");
  std::istringstream words(names == nullptr ? "" : names);
  for (std::string name; words >> name;) {
    if (name == executor) return true;
  }
  return false;
}

/// Whether the named executor of the spec's device accepts `spec`.
inline bool accepts(const std::string& executor, const RecurrenceSpec& spec, PlanOptions options = {}) {
  options.executor = executor;
  try {
    (void)Plan::create(spec, options);
    return true;
  } catch (const ValueError&) {
    return false;
  }
}

/// The executors that accept `spec`, in the order in which a plan asks them.
inline std::vector<std::string> executors_for(const RecurrenceSpec& spec, const PlanOptions& options = {}) {
  std::vector<std::string> names;
  for (const std::string& name : executor_names(spec.device)) {
    if (!is_left_out(name) && accepts(name, spec, options)) names.push_back(name);
  }
  return names;
}

}  // namespace rondo::test
