#include "cuda/persistent/persistent_backward.h"

#include <algorithm>

#include "cuda/model/product_model.h"
#include "cuda/persistent/persistent_memory.h"
#include "cuda/persistent/planner/persistent_choice.h"
#include "cuda/persistent/shape/operand_kind.h"
#include "cuda/stepwise/stepwise_backward.h"

namespace rondo {
namespace {

template <typename Operand>
class PersistentSteps final : public StepsKernel {
 public:
  PersistentSteps(const RunnerRequest& request, const PersistentShape& shape)
      : task_{shape, request.spec.cell, request.stream},
        packed_(pack_kernel<Operand>(request, task_,
                                     {"recurrent_kernel", request.weights.recurrent_kernel, request.spec.cell.units})),
        grid_(shape, request.spec.device) {}

  void queue(const GradientSteps& steps, Stream stream) const override {
    PersistentTask task = task_;
    task.stream = stream;
    PersistentKernels<Operand>::launch(
        task,
        BackwardRun<Element>{.shape = task_.shape,
                             .schedule = steps.schedule,
                             .activations = {{task_.cell.activation.kind}, {task_.cell.recurrent_activation.kind}},
                             .weights = static_cast<const device::Words4*>(packed_->data()),
                             .kept = steps.kept,
                             .was_live = reinterpret_cast<const std::uint8_t*>(steps.was_live),
                             .d_y = static_cast<const Element*>(steps.d_y.data),
                             .d_y_strides = steps.d_y.strides,
                             .d_last_output = rows_of<const Element>(steps.d_last_output),
                             .h = steps.h,
                             .c = steps.c,
                             .d_input = static_cast<Element*>(steps.d_input),
                             .d_recurrent = static_cast<Element*>(steps.d_recurrent),
                             .grid = grid_.get(),
                             .flags = steps.flags});
  }

 private:
  using Element = typename OperandTraits<Operand>::Element;

  const PersistentTask task_;
  const std::shared_ptr<const WeightPack> packed_;
  const OwnedGridMemory grid_;
};

class PersistentBackwardDecision final : public BackwardDecision {
 public:
  PersistentBackwardDecision(const RecurrenceSpec& spec, const PersistentPlan& plan) : spec_(spec), plan_(plan) {}

  std::size_t workspace_bytes() const override { return gradient_workspace_bytes(spec_); }
  bool may_stall() const override { return plan_.shape.kind != PersistentKind::block; }
  bool needs_fallback() const override { return true; }  // the device may lack the room
  std::string describe() const override { return in_words(plan_); }

  MadeBackwardRunner make_runner(const RunnerRequest& request) const override {
    return dispatch_operand(spec_, [&]<typename Operand>(OperandTag<Operand>) -> MadeBackwardRunner {
      const std::string reason = PersistentKernels<Operand>::prepare({plan_.shape, spec_.cell, request.stream});
      if (!reason.empty()) return {.refusal = candidate_name(plan_.shape) + ": " + reason};
      return {.runner =
                  make_gradient_runner(request, std::make_unique<PersistentSteps<Operand>>(request, plan_.shape))};
    });
  }

 private:
  const RecurrenceSpec spec_;
  const PersistentPlan plan_;
};

/// The executor of the gradients of one spec by one plan.
class PlannedBackwardExecutor final : public Executor {
 public:
  PlannedBackwardExecutor(const RecurrenceSpec& spec, const PersistentPlan& plan)
      : spec_(spec), plan_(plan), name_(candidate_name(plan.shape)) {}

  std::string_view name() const override { return name_; }
  Answer decide(const RecurrenceSpec&, const DeviceProperties&) const override {
    return Refusal{"it computes gradients alone"};
  }
  BackwardAnswer decide_backward(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    if (spec != spec_) return Refusal{"it is for another recurrence"};
    return std::make_shared<PersistentBackwardDecision>(spec_, plan_);
  }

 private:
  const RecurrenceSpec spec_;
  const PersistentPlan plan_;
  const std::string name_;
};

}  // namespace

BackwardAnswer decide_persistent_backward(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                          std::span<const PersistentKind> kinds) {
  if (const auto refusal = refuse_gradient_sizes(spec)) return *refusal;
  const PersistentChoice choice = choose_persistent_backward(spec, properties, kinds);
  if (!choice.plan) return Refusal{choice.reason};
  if (kinds.size() > 1 && choice.plan->total_ns > stepwise_steps_ns(spec, properties)) {
    return Refusal{"cuda_stepwise is expected to be faster"};
  }
  return std::make_shared<PersistentBackwardDecision>(spec, *choice.plan);
}

std::vector<std::unique_ptr<const Executor>> persistent_backward_alternatives(const RecurrenceSpec& spec,
                                                                              const DeviceProperties& properties,
                                                                              PersistentKind kind) {
  std::vector<std::unique_ptr<const Executor>> executors;
  if (!choose_persistent_backward(spec, properties, {&kind, 1}).plan) return executors;
  std::vector<PersistentPlan> plans = unsorted_persistent_plans(spec, properties, kind, Pass::backward);
  std::ranges::stable_sort(plans, {}, &PersistentPlan::total_ns);
  for (const PersistentPlan& plan : plans) executors.push_back(std::make_unique<PlannedBackwardExecutor>(spec, plan));
  return executors;
}

}  // namespace rondo
