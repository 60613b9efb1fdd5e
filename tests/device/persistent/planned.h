/// Recurrences and devices for tests of the planner. The devices need not be present.
#pragma once

#include <string>

#include "cuda/persistent/planner/persistent_plan.h"
#include "rondo/plan/plan.h"

namespace rondo::test {

inline constexpr PersistentKind kKinds[] = {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid};

inline DeviceProperties h200() { return known_gpu("h200"); }
inline DeviceProperties a100() { return known_gpu("a100"); }
inline DeviceProperties slice() { return known_gpu("h200_mig_1g"); }

inline RecurrenceSpec lstm(std::int64_t H, std::int64_t B, DType dtype = DType::bf16, std::int64_t T = 100) {
  return {.cell = {.kind = CellKind::lstm, .units = H}, .T = T, .B = B, .I = H, .dtype = dtype, .device = cuda(0)};
}

/// The kernel that would run, or "stepwise".
inline std::string chosen(const RecurrenceSpec& spec, const DeviceProperties& properties) {
  const Plan plan = Plan::create(spec, properties);
  if (plan.executor_name() != "cuda_persistent") return plan.executor_name();
  const std::string explained = plan.explain();
  const std::string text = explained.substr(0, explained.find("\n  gradients:"));
  for (const PersistentKind kind : kKinds) {
    if (text.find(name_of(kind) + " kernel") != std::string::npos) return name_of(kind);
  }
  return text;
}

}  // namespace rondo::test
