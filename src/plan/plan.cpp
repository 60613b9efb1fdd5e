#include "rondo/plan/plan.h"

#include <algorithm>
#include <sstream>

#include "plan/executor_list.h"
#include "recurrence/executor.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

void check_sizes(const RecurrenceSpec& spec) {
  const auto check = [](const char* name, std::int64_t size, std::int64_t least) {
    if (size < least) throw ValueError(name, std::to_string(size), "at least " + std::to_string(least));
  };
  check_cell(spec.cell);
  check("T", spec.T, 0);
  check("B", spec.B, 0);
  check("I", spec.I, 0);
  if (!is_floating(spec.dtype)) throw ValueError("dtype", to_string(spec.dtype), "a floating dtype");
}

std::string joined_names(Device device) {
  std::string names;
  for (const std::string& name : executor_names(device)) names += (names.empty() ? "" : ", ") + name;
  return names;
}

/// The executor with this name, from either list.
const Executor& named_executor(const std::string& name, Device device) {
  const ExecutorList executors = executor_list(device.type);
  for (const auto& list : {executors.automatic, executors.by_name}) {
    const auto found = std::ranges::find(list, name, &Executor::name);
    if (found != list.end()) return **found;
  }
  throw ValueError("executor", "'" + name + "'", "one of " + joined_names(device));
}

}  // namespace

std::vector<std::string> executor_names(Device device) {
  std::vector<std::string> names;
  const ExecutorList executors = executor_list(device.type);
  for (const Executor* executor : executors.automatic) names.emplace_back(executor->name());
  for (const Executor* executor : executors.by_name) names.emplace_back(executor->name());
  return names;
}

Plan Plan::create(const RecurrenceSpec& spec, const PlanOptions& options) {
  return create(spec, properties_of(spec.device), options);
}

Plan Plan::create(const RecurrenceSpec& spec, const DeviceProperties& properties, const PlanOptions& options) {
  Plan plan(spec, properties, options);
  if (!options.executor.empty()) {
    if (plan.takes(named_executor(options.executor, spec.device))) return plan;
  } else {
    for (const Executor* executor : executor_list(spec.device.type).automatic) {
      if (plan.takes(*executor)) return plan;
    }
  }
  throw ValueError("no executor accepts " + plan.explain());
}

Plan Plan::create_for(const Executor& executor, const RecurrenceSpec& spec, const DeviceProperties& properties,
                      const PlanOptions& options) {
  Plan plan(spec, properties, options);
  if (!plan.takes(executor)) throw ValueError("no executor accepts " + plan.explain());
  return plan;
}

Plan::Plan(const RecurrenceSpec& spec, const DeviceProperties& properties, const PlanOptions& options)
    : spec_(spec), properties_(properties), graph_use_(options.graph_use), never_waits_(options.never_waits) {
  check_sizes(spec);
  if (options.threads < 0) throw ValueError("threads", std::to_string(options.threads), "at least 0");
  const bool shares_out = spec.device.type == DeviceType::cpu && options.threads > 0;
  if (shares_out) properties_.processors = std::min(properties_.processors, options.threads);
}

bool Plan::takes(const Executor& executor) {
  Support support = executor.supports(spec_, properties_);
  if (support.accepted && never_waits_ && executor.may_stall(spec_, properties_)) {
    support = Support::no("its blocks wait for each other, which never_waits excludes");
  }
  if (support.accepted) {
    executor_ = &executor;
  } else {
    refusals_.push_back({std::string(executor.name()), support.reason});
  }
  return support.accepted;
}

std::string Plan::executor_name() const { return std::string(executor_->name()); }

std::size_t Plan::workspace_bytes() const { return executor_->workspace_bytes(spec_, properties_); }

std::string Plan::explain() const {
  std::string text = to_string(spec_);
  for (const Refusal& refusal : refusals_) text += "\n  " + refusal.executor + " declined: " + refusal.reason;
  if (executor_ != nullptr) {
    text += "\n  " + executor_name() + " runs it, with a workspace of " + std::to_string(workspace_bytes()) + " bytes";
    std::istringstream lines(executor_->describe(spec_, properties_));
    for (std::string line; std::getline(lines, line);) text += "\n    " + line;
  }
  return text;
}

}  // namespace rondo
