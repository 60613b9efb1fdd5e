#include "cuda/persistent/persistent_executor.h"

#include <sstream>

#include "cuda/model/product_model.h"
#include "cuda/persistent/persistent_backward.h"
#include "cuda/persistent/persistent_runner.h"
#include "cuda/persistent/persistent_scratch.h"
#include "cuda/persistent/planner/persistent_choice.h"
#include "cuda/persistent/planner/tuning_rows.h"

namespace rondo {
namespace {

std::string measured_faster(const TuningRow& row) {
  std::ostringstream text;
  text << "cuda_stepwise was measured to be faster: " << row.step_us << " us a step, with the product of the inputs";
  return text.str();
}

/// Why no kernel writes the reserve of a spec; absent: there are kernels.
std::optional<Refusal> refuse_reserve(const RecurrenceSpec& spec) {
  if (spec.segment > 0) return Refusal{"it keeps the states before each step, not of segments"};
  return std::nullopt;
}

std::vector<PersistentKind> all_kinds() {
  return {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid};
}

/// Whether a candidate was measured to be faster than cuda_stepwise, or is expected to be.
bool gains(const PersistentPlan& candidate, const RecurrenceSpec& spec, const DeviceProperties& properties) {
  return candidate.measured != nullptr || candidate.total_ns <= stepwise_total_ns(spec, properties);
}

/// A decision for one plan.
class PersistentDecision : public Decision {
 public:
  PersistentDecision(const RecurrenceSpec& spec, const PersistentPlan& plan) : spec_(spec), plan_(plan) {}

  const PersistentPlan& plan() const { return plan_; }

  std::size_t workspace_bytes() const override { return persistent_scratch_bytes(spec_, plan_.shape); }
  // The model's time, also for a measured candidate, so that all predictions are comparable.
  std::optional<double> predicted_ns() const override { return plan_.total_ns; }
  bool may_stall() const override { return plan_.shape.kind != PersistentKind::block; }
  bool needs_fallback() const override { return true; }  // the device may lack the room
  std::string describe() const override { return in_words(plan_); }
  MadeRunner make_runner(const RunnerRequest& request) const override {
    return make_persistent_runner(request, plan_.shape);
  }

 private:
  const RecurrenceSpec spec_;
  const PersistentPlan plan_;
};

/// The executor of the fastest kernel of some kinds.
class ChoosingExecutor final : public Executor {
 public:
  ChoosingExecutor(std::string_view name, std::vector<PersistentKind> kinds, std::span<const TuningRow> table)
      : name_(name), kinds_(std::move(kinds)), table_(table) {}

  std::string_view name() const override { return name_; }

  Answer decide(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    const PersistentChoice choice = choose_persistent(spec, properties, options());
    if (!choice.plan) return Refusal{choice.reason};
    if (choice.stepwise != nullptr && !is_one_kind()) return Refusal{measured_faster(*choice.stepwise)};
    if (!is_wanted(*choice.plan, spec, properties)) return Refusal{"cuda_stepwise is expected to be faster"};
    return std::make_shared<ChosenDecision>(*this, spec, *choice.plan);
  }

  std::optional<Refusal> refuse_to_keep(const RecurrenceSpec& spec) const override { return refuse_reserve(spec); }

  BackwardAnswer decide_backward(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    return decide_persistent_backward(spec, properties, kinds_);
  }

 private:
  /// Where the device has no room for the planned kernel, takes the next one that the device has room for.
  class ChosenDecision final : public PersistentDecision {
   public:
    ChosenDecision(const ChoosingExecutor& executor, const RecurrenceSpec& spec, const PersistentPlan& plan)
        : PersistentDecision(spec, plan), executor_(executor) {}

    MadeRunner make_runner(const RunnerRequest& request) const override {
      MadeRunner planned = PersistentDecision::make_runner(request);
      return planned.runner != nullptr ? std::move(planned) : executor_.make_other_runner(request, std::move(planned));
    }

   private:
    const ChoosingExecutor& executor_;
  };

  /// A runner of the first candidate after the planned one that the device has room for, or the refusal of the planned
  /// one.
  MadeRunner make_other_runner(const RunnerRequest& request, MadeRunner planned) const {
    const std::vector<PersistentPlan> candidates = ranked_persistent(request.spec, request.properties, options());
    for (std::size_t k = 1; k < candidates.size(); ++k) {
      if (!is_wanted(candidates[k], request.spec, request.properties)) continue;
      MadeRunner made = make_persistent_runner(request, candidates[k].shape);
      if (made.runner != nullptr) return made;
    }
    return planned;
  }

  PersistentOptions options() const { return {.kinds = kinds_, .table = table_}; }

  bool is_one_kind() const { return kinds_.size() == 1; }

  bool is_wanted(const PersistentPlan& candidate, const RecurrenceSpec& spec,
                 const DeviceProperties& properties) const {
    return is_one_kind() || gains(candidate, spec, properties);
  }

  const std::string_view name_;
  const std::vector<PersistentKind> kinds_;
  const std::span<const TuningRow> table_;
};

/// The executor of one plan of one spec.
class PlannedExecutor final : public Executor {
 public:
  PlannedExecutor(const RecurrenceSpec& spec, const PersistentPlan& plan)
      : spec_(spec), plan_(plan), name_(candidate_name(plan.shape)) {}

  std::string_view name() const override { return name_; }

  Answer decide(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    if (spec != spec_) return Refusal{"it is for another recurrence"};
    return std::make_shared<PersistentDecision>(spec_, plan_);
  }
  std::optional<Refusal> refuse_to_keep(const RecurrenceSpec& spec) const override { return refuse_reserve(spec); }

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

std::optional<PersistentCandidate> persistent_candidate(const Decision& decision) {
  const auto* persistent = dynamic_cast<const PersistentDecision*>(&decision);
  if (persistent == nullptr) return std::nullopt;
  return PersistentCandidate{persistent->plan(), candidate_name(persistent->plan().shape)};
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
