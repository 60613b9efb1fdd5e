/// Answers of executors that accept.
#pragma once

#include <memory>
#include <variant>

#include "recurrence/simple_decision.h"

namespace rondo::test {

/// The decision of an executor that accepts; throws `std::bad_variant_access` where it declines.
inline std::shared_ptr<const Decision> decided(const Executor& executor, const RecurrenceSpec& spec,
                                               const DeviceProperties& properties) {
  return std::get<std::shared_ptr<const Decision>>(executor.decide(spec, properties));
}

/// A runner of `executor` for a request of another executor's.
inline std::unique_ptr<Runner> runner_of(const Executor& executor, const RunnerRequest& request) {
  return decided(executor, request.spec, request.properties)->make_runner(request).runner;
}

}  // namespace rondo::test
