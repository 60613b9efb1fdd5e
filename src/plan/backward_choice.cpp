#include "plan/backward_choice.h"

#include "plan/executor_list.h"
#include "recurrence/reserve.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Why `executor` cannot read what the plan's executor keeps; absent: it can.
std::optional<Refusal> refuse_layout(const Executor& executor, const Executor& keeping) {
  const bool both_common = executor.kept_layout() == KeptLayout::common && keeping.kept_layout() == KeptLayout::common;
  if (both_common || &executor == &keeping) return std::nullopt;
  const Executor& special = keeping.kept_layout() == KeptLayout::own ? keeping : executor;
  const Executor& other = &special == &keeping ? executor : keeping;
  return Refusal{"the reserves of " + std::string(special.name()) + " have a layout of their own, and " +
                 std::string(other.name()) + " has another"};
}

/// The executor's answer, in which blocks that wait for each other are a reason to decline where that is asked for.
BackwardAnswer answer_of(const Executor& executor, const Planner::Data& data, bool never_waits) {
  if (std::optional<Refusal> refusal = refuse_layout(executor, *data.executor)) return *std::move(refusal);
  if (std::optional<Refusal> refusal = refuse_to_swap(executor, data.spec)) return *std::move(refusal);
  BackwardAnswer answer = executor.decide_backward(data.spec, data.properties);
  const auto* decision = std::get_if<std::shared_ptr<const BackwardDecision>>(&answer);
  if (never_waits && decision != nullptr && (*decision)->may_stall()) {
    return Refusal{"its blocks wait for each other, which never_waits excludes"};
  }
  return answer;
}

void find_fallback(Planner::Data& data) {
  if (!data.backward->needs_fallback()) return;
  for (const Executor* executor : executor_list(data.spec.device.type).automatic) {
    data.backward_may_be_replaced = data.backward_may_be_replaced || executor == data.backward_executor;
    if (executor == data.backward_executor || data.backward_fallback != nullptr) continue;
    BackwardAnswer answer = answer_of(*executor, data, true);
    auto* decision = std::get_if<std::shared_ptr<const BackwardDecision>>(&answer);
    if (decision == nullptr) continue;
    data.backward_fallback = std::move(*decision);
    data.backward_fallback_name = executor->name();
  }
}

}  // namespace

void check_has_gradients(const RecurrenceSpec& spec) {
  if (spec.dtype != DType::f32 || spec.math != MatrixMath::int8 || spec.keep == Keep::nothing) return;
  throw ValueError("math", "int8 where the spec keeps " + to_string(spec.keep),
                   "another one: products in 8 bits have no gradients");
}

void find_backward(Planner::Data& data, const BackwardCandidates& candidates) {
  const bool alone = !candidates.named && data.executor->kept_layout() == KeptLayout::own;
  const std::span<const Executor* const> executors = alone ? std::span(&data.executor, 1) : candidates.executors;
  for (const Executor* executor : executors) {
    BackwardAnswer answer = answer_of(*executor, data, data.never_waits);
    if (auto* decision = std::get_if<std::shared_ptr<const BackwardDecision>>(&answer)) {
      data.backward_executor = executor;
      data.backward = std::move(*decision);
      return find_fallback(data);
    }
    data.backward_declined.push_back({std::string(executor->name()), std::get<Refusal>(std::move(answer))});
  }
}

std::optional<Refusal> refuse_to_swap(const Executor& executor, const RecurrenceSpec& spec) {
  if (!swaps_reserve(spec) || executor.swaps_memory()) return std::nullopt;
  return Refusal{"its reserve is in the device's memory, which swap_memory excludes"};
}

}  // namespace rondo
