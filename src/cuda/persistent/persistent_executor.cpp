#include "cuda/persistent/persistent_executor.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "cuda/persistent/operand_kind.h"
#include "cuda/persistent/persistent_plan.h"
#include "cuda/persistent/persistent_scratch.h"
#include "rondo/error.h"

namespace rondo {
namespace {

constexpr std::int64_t kMostUnits = 1 << 14;  // so that sizes of a block fit 31 bits
constexpr std::int64_t kMostRows = std::int64_t{1} << 30;

/// The fastest plan, and why there is none.
struct Choice {
  std::optional<PersistentPlan> plan = std::nullopt;
  std::string reason = {};
};

std::size_t scratch_bytes(const RecurrenceSpec& spec) {
  WorkspaceCutter cutter(nullptr);
  cut_persistent_scratch(spec, cutter);
  return cutter.used();
}

RuntimeError no_room(const PersistentShape& shape, Device device) {
  return RuntimeError("no cluster of " + std::to_string(shape.blocks) + " blocks fits on " + to_string(device) +
                      "; choose another executor");
}

std::string shared_out(PersistentKind kind) {
  return kind == PersistentKind::block ? "one block" : "the blocks of a " + to_string(kind);
}

Choice choose(const RecurrenceSpec& spec, const DeviceProperties& properties, std::span<const PersistentKind> kinds) {
  if (!has_operand(spec)) return {.reason = "it computes in f32, f16 and bf16 alone"};
  if (!is_plain(spec.cell)) return {.reason = "its LSTM has no peepholes, no cell clip and no projection"};
  if (spec.cell.units > kMostUnits) return {.reason = "H is above " + std::to_string(kMostUnits)};
  if (spec.B > kMostRows) return {.reason = "B is above 2^30"};
  if (spec.B == 0) return {.reason = "there are no rows"};
  Choice choice;
  for (const PersistentKind kind : kinds) {
    const std::vector<PersistentPlan> plans = persistent_plans(spec, properties, kind);
    if (plans.empty()) continue;
    if (!choice.plan || plans.front().total_ns < choice.plan->total_ns) choice.plan = plans.front();
  }
  if (choice.plan) return choice;
  choice.reason = "the recurrent kernel does not fit " + shared_out(kinds.back());
  if (kinds.size() == 1 && kinds[0] == PersistentKind::cluster && properties.cluster_blocks == 0) {
    choice.reason = "the device has no clusters of blocks";
  }
  return choice;
}

class PersistentExecutor final : public Executor {
 public:
  PersistentExecutor(std::string_view name, std::vector<PersistentKind> kinds)
      : name_(name), kinds_(std::move(kinds)) {}

  std::string_view name() const override { return name_; }

  Support supports(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    const Choice choice = choose(spec, properties, kinds_);
    if (!choice.plan) return Support::no(choice.reason);
    if (kinds_.size() > 1 && choice.plan->total_ns > stepwise_total_ns(spec, properties)) {
      return Support::no("cuda_stepwise is expected to be faster");
    }
    return Support::yes();
  }

  std::size_t workspace_bytes(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    return scratch_bytes(spec);
  }

  std::string describe(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    return to_string(*choose(spec, properties, kinds_).plan);
  }

  std::unique_ptr<Runner> make_runner(const RunnerRequest& request) const override {
    const Choice first = choose(request.spec, request.properties, kinds_);
    DeviceProperties properties = request.properties;
    for (Choice choice = first; choice.plan; choice = choose(request.spec, properties, kinds_)) {
      if (auto runner = make_persistent_runner(request, choice.plan->shape)) return runner;
      properties.cluster_blocks = choice.plan->shape.blocks / 2;
    }
    throw no_room(first.plan->shape, request.spec.device);
  }

 private:
  const std::string_view name_;
  const std::vector<PersistentKind> kinds_;
};

/// One plan for one spec.
class PlannedExecutor final : public Executor {
 public:
  PlannedExecutor(const RecurrenceSpec& spec, const PersistentPlan& plan)
      : spec_(spec), plan_(plan), name_(way_name(plan.shape)) {}

  std::string_view name() const override { return name_; }

  Support supports(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    return spec == spec_ ? Support::yes() : Support::no("it is for another recurrence");
  }

  std::size_t workspace_bytes(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    return scratch_bytes(spec);
  }

  std::string describe(const RecurrenceSpec&, const DeviceProperties&) const override { return to_string(plan_); }

  std::unique_ptr<Runner> make_runner(const RunnerRequest& request) const override {
    if (auto runner = make_persistent_runner(request, plan_.shape)) return runner;
    throw no_room(plan_.shape, request.spec.device);
  }

 private:
  const RecurrenceSpec spec_;
  const PersistentPlan plan_;
  const std::string name_;
};

}  // namespace

std::vector<std::unique_ptr<const Executor>> persistent_alternatives(const RecurrenceSpec& spec,
                                                                     const DeviceProperties& properties,
                                                                     PersistentKind kind) {
  std::vector<std::unique_ptr<const Executor>> executors;
  for (const PersistentPlan& plan : persistent_plans(spec, properties, kind)) {
    executors.push_back(std::make_unique<PlannedExecutor>(spec, plan));
  }
  return executors;
}

const Executor& persistent_executor() {
  static const PersistentExecutor executor("cuda_persistent",
                                           {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid});
  return executor;
}

std::span<const Executor* const> persistent_executors_by_kind() {
  static const PersistentExecutor block("cuda_block", {PersistentKind::block});
  static const PersistentExecutor cluster("cuda_cluster", {PersistentKind::cluster});
  static const PersistentExecutor grid("cuda_grid", {PersistentKind::grid});
  static const Executor* const executors[] = {&block, &cluster, &grid};
  return executors;
}

}  // namespace rondo
