#include "cuda/persistent/persistent_executor.h"

#include <sstream>

#include "cuda/model/product_model.h"
#include "cuda/persistent/persistent_runner.h"
#include "cuda/persistent/persistent_scratch.h"
#include "cuda/persistent/planner/persistent_choice.h"
#include "cuda/persistent/planner/tuning_rows.h"
#include "cuda/persistent/stepwise_stand_in.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

RuntimeError no_room(std::string_view executor, Device device, const std::string& reason) {
  return RuntimeError(std::string(executor) + " has no kernel that " + to_string(device) + " has room for: " + reason +
                      "; choose another executor");
}

std::string measured_faster(const TuningRow& row) {
  std::ostringstream text;
  text << "cuda_stepwise was measured to be faster: " << row.step_us << " us a step, with the product of the inputs";
  return text.str();
}

std::vector<PersistentKind> all_kinds() {
  return {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid};
}

/// An executor that tells how it shares out a recurrence.
class PersistentExecutor : public Executor {
 public:
  /// Nothing where no kernel of the executor runs `spec` on such a device.
  virtual std::optional<PersistentPlan> plan(const RecurrenceSpec& spec, const DeviceProperties& properties) const = 0;

  std::size_t workspace_bytes(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    return persistent_scratch_bytes(spec, plan(spec, properties).value().shape);
  }

  // The model's time, also for a measured candidate, so that all predictions are comparable.
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

/// The executor of the fastest kernel of some kinds.
class ChoosingExecutor final : public PersistentExecutor {
 public:
  ChoosingExecutor(std::string_view name, std::vector<PersistentKind> kinds, std::span<const TuningRow> table)
      : name_(name), kinds_(std::move(kinds)), table_(table) {}

  std::string_view name() const override { return name_; }

  Support supports(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    const PersistentChoice choice = choose(spec, properties);
    if (!choice.plan) return Support::no(choice.reason);
    if (is_one_kind()) return Support::yes();
    if (choice.stepwise != nullptr) return Support::no(measured_faster(*choice.stepwise));
    return gains(*choice.plan, spec, properties) ? Support::yes()
                                                 : Support::no("cuda_stepwise is expected to be faster");
  }

  std::optional<PersistentPlan> plan(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    return choose(spec, properties).plan;
  }

  std::unique_ptr<Runner> make_runner(const RunnerRequest& request) const override {
    const std::size_t workspace_bytes = this->workspace_bytes(request.spec, request.properties);
    std::string reason;  // of the first attempt, which is the planned one
    for (const PersistentPlan& candidate : ranked_persistent(request.spec, request.properties, options())) {
      if (!is_one_kind() && !gains(candidate, request.spec, request.properties)) continue;
      PersistentAttempt attempt = make_persistent_runner(request, candidate.shape, workspace_bytes);
      if (attempt.runner != nullptr) return std::move(attempt.runner);
      if (reason.empty()) reason = attempt.reason;
    }
    if (is_one_kind()) throw no_room(name_, request.spec.device, reason);
    return make_stepwise_stand_in(request, workspace_bytes, reason);
  }

 private:
  PersistentOptions options() const { return {.kinds = kinds_, .table = table_}; }

  PersistentChoice choose(const RecurrenceSpec& spec, const DeviceProperties& properties) const {
    return choose_persistent(spec, properties, options());
  }

  bool is_one_kind() const { return kinds_.size() == 1; }

  /// Whether a candidate was measured to be faster than cuda_stepwise, or is expected to be.
  static bool gains(const PersistentPlan& candidate, const RecurrenceSpec& spec, const DeviceProperties& properties) {
    return candidate.measured != nullptr || candidate.total_ns <= stepwise_total_ns(spec, properties);
  }

  const std::string_view name_;
  const std::vector<PersistentKind> kinds_;
  const std::span<const TuningRow> table_;
};

/// The executor of one plan of one spec.
class PlannedExecutor final : public PersistentExecutor {
 public:
  PlannedExecutor(const RecurrenceSpec& spec, const PersistentPlan& plan)
      : spec_(spec), plan_(plan), name_(candidate_name(plan.shape)) {}

  std::string_view name() const override { return name_; }

  Support supports(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    return spec == spec_ ? Support::yes() : Support::no("it is for another recurrence");
  }

  std::optional<PersistentPlan> plan(const RecurrenceSpec&, const DeviceProperties&) const override { return plan_; }

  std::unique_ptr<Runner> make_runner(const RunnerRequest& request) const override {
    PersistentAttempt attempt =
        make_persistent_runner(request, plan_.shape, workspace_bytes(spec_, request.properties));
    if (attempt.runner == nullptr) throw no_room(name_, request.spec.device, attempt.reason);
    return std::move(attempt.runner);
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

std::optional<PersistentCandidate> persistent_candidate(const Executor& executor, const RecurrenceSpec& spec,
                                                        const DeviceProperties& properties) {
  const auto* persistent = dynamic_cast<const PersistentExecutor*>(&executor);
  if (persistent == nullptr) return std::nullopt;
  const PersistentPlan plan = persistent->plan(spec, properties).value();
  return PersistentCandidate{plan, candidate_name(plan.shape)};
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
