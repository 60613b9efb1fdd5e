#include "cuda/persistent/persistent_executor.h"

#include <sstream>

#include "cuda/persistent/persistent_choice.h"
#include "cuda/persistent/persistent_scratch.h"
#include "cuda/persistent/run_model.h"
#include "cuda/persistent/tuning_rows.h"
#include "rondo/error.h"

namespace rondo {
namespace {

RuntimeError no_room(const PersistentShape& shape, Device device) {
  return RuntimeError("no cluster of " + std::to_string(shape.blocks) + " blocks fits on " + to_string(device) +
                      "; choose another executor");
}

ClusterCounts smaller_than(int blocks, const ClusterCounts& clusters) {
  return {.of_2 = blocks > 2 ? clusters.of_2 : 0,
          .of_4 = blocks > 4 ? clusters.of_4 : 0,
          .of_8 = blocks > 8 ? clusters.of_8 : 0};
}

std::string measured_faster(const TuningRow& row) {
  std::ostringstream text;
  text << "cuda_stepwise was measured to be faster: " << row.step_us << " us a step, with the product of the inputs";
  return text.str();
}

std::vector<PersistentKind> all_kinds() {
  return {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid};
}

/// One that tells how it shares out a recurrence.
class PersistentExecutor : public Executor {
 public:
  /// Nothing where no kernel of its runs `spec` on such a device.
  virtual std::optional<PersistentPlan> plan(const RecurrenceSpec& spec, const DeviceProperties& properties) const = 0;

  std::size_t workspace_bytes(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    return persistent_scratch_bytes(spec, plan(spec, properties).value().shape);
  }

  // What the model says, of a measured way as well: so that all predictions are alike.
  std::optional<double> predicted_ns(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    return plan(spec, properties).value().total_ns;
  }

  bool may_stall(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    return plan(spec, properties).value().shape.kind != PersistentKind::block;
  }

  std::string describe(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    return to_string(plan(spec, properties).value());
  }
};

/// The fastest of some kinds.
class ChoosingExecutor final : public PersistentExecutor {
 public:
  ChoosingExecutor(std::string_view name, std::vector<PersistentKind> kinds, std::span<const TuningRow> table)
      : name_(name), kinds_(std::move(kinds)), table_(table) {}

  std::string_view name() const override { return name_; }

  Support supports(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    const PersistentChoice choice = choose(spec, properties);
    if (!choice.plan) return Support::no(choice.reason);
    if (kinds_.size() == 1 || choice.plan->measured != nullptr) return Support::yes();
    if (choice.stepwise != nullptr) return Support::no(measured_faster(*choice.stepwise));
    if (choice.plan->total_ns > stepwise_total_ns(spec, properties)) {
      return Support::no("cuda_stepwise is expected to be faster");
    }
    return Support::yes();
  }

  std::optional<PersistentPlan> plan(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    return choose(spec, properties).plan;
  }

  std::unique_ptr<Runner> make_runner(const RunnerRequest& request) const override {
    const PersistentChoice first = choose(request.spec, request.properties);
    const std::size_t workspace_bytes = this->workspace_bytes(request.spec, request.properties);
    DeviceProperties properties = request.properties;
    for (PersistentChoice choice = first; choice.plan; choice = choose(request.spec, properties)) {
      if (auto runner = make_persistent_runner(request, choice.plan->shape, workspace_bytes)) return runner;
      properties.clusters = smaller_than(choice.plan->shape.blocks, properties.clusters);
    }
    throw no_room(first.plan->shape, request.spec.device);
  }

 private:
  PersistentChoice choose(const RecurrenceSpec& spec, const DeviceProperties& properties) const {
    return choose_persistent(spec, properties, {.kinds = kinds_, .table = table_});
  }

  const std::string_view name_;
  const std::vector<PersistentKind> kinds_;
  const std::span<const TuningRow> table_;
};

/// One plan for one spec.
class PlannedExecutor final : public PersistentExecutor {
 public:
  PlannedExecutor(const RecurrenceSpec& spec, const PersistentPlan& plan)
      : spec_(spec), plan_(plan), name_(way_name(plan.shape)) {}

  std::string_view name() const override { return name_; }

  Support supports(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    return spec == spec_ ? Support::yes() : Support::no("it is for another recurrence");
  }

  std::optional<PersistentPlan> plan(const RecurrenceSpec&, const DeviceProperties&) const override { return plan_; }

  std::unique_ptr<Runner> make_runner(const RunnerRequest& request) const override {
    if (auto runner = make_persistent_runner(request, plan_.shape, workspace_bytes(spec_, request.properties)))
      return runner;
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

std::optional<PersistentWay> persistent_way(const Executor& executor, const RecurrenceSpec& spec,
                                            const DeviceProperties& properties) {
  const auto* persistent = dynamic_cast<const PersistentExecutor*>(&executor);
  if (persistent == nullptr) return std::nullopt;
  const PersistentPlan plan = persistent->plan(spec, properties).value();
  return PersistentWay{plan, way_name(plan.shape)};
}

const Executor& persistent_executor() {
  static const ChoosingExecutor executor("cuda_persistent", all_kinds(), kTuningRows);
  return executor;
}

std::unique_ptr<const Executor> tuned_persistent_executor(std::span<const TuningRow> table) {
  return std::make_unique<ChoosingExecutor>("cuda_persistent", all_kinds(), table);
}

std::span<const Executor* const> persistent_executors_by_kind() {
  static const ChoosingExecutor block("cuda_block", {PersistentKind::block}, kTuningRows);
  static const ChoosingExecutor cluster("cuda_cluster", {PersistentKind::cluster}, kTuningRows);
  static const ChoosingExecutor grid("cuda_grid", {PersistentKind::grid}, kTuningRows);
  static const Executor* const executors[] = {&block, &cluster, &grid};
  return executors;
}

}  // namespace rondo
