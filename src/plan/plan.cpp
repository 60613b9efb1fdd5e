#include "rondo/plan/plan.h"

#include <algorithm>
#include <limits>
#include <span>

#include "plan/backward_choice.h"
#include "plan/executor_list.h"
#include "plan/explained.h"
#include "plan/planner.h"
#include "plan/unwritten_reserve.h"
#include "recurrence/reserve.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// A packed batch has no place for what is beyond a row's length.
void check_packed(const RecurrenceSpec& spec) {
  if (spec.has_mask) throw ValueError("has_mask", "true", "false, as the batch is packed");
  if (spec.has_lengths)
    throw ValueError("has_lengths", "true", "false, as a packed batch has its lengths in batch_sizes");
  if (spec.rules.read == ReadOrder::reversed) {
    throw ValueError("rules.read", "reversed", "forward or reversed_within_length, as the batch is packed");
  }
  constexpr std::int64_t kMostRows = std::numeric_limits<std::int32_t>::max();
  if (spec.B > 0 && spec.T > kMostRows / spec.B) {
    throw ValueError("T and B", std::to_string(spec.T) + " and " + std::to_string(spec.B),
                     "at most 2^31 rows in all, as the batch is packed");
  }
}

// Rows that a run does not have are left alone, so that nothing would write their gradients.
void check_state_rows(const RecurrenceSpec& spec) {
  const std::string with = " with state_rows of " + std::to_string(spec.state_rows);
  constexpr std::int64_t kMostRows = std::numeric_limits<std::int32_t>::max();
  if (spec.state_rows < spec.B || spec.state_rows > kMostRows) {
    throw ValueError("state_rows", std::to_string(spec.state_rows),
                     "0, or B = " + std::to_string(spec.B) + " to 2^31 - 1");
  }
  if (!spec.packed) throw ValueError("packed", "false" + with, "true");
  if (spec.rules.read != ReadOrder::forward) throw ValueError("rules.read", "reversed" + with, "forward");
  if (spec.keep != Keep::nothing) throw ValueError("keep", to_string(spec.keep) + with, "nothing");
}

// Executors count bytes of what they need, a few times the largest tensor, without looking for an overflow.
void check_products(const RecurrenceSpec& spec) {
  const double columns = static_cast<double>(gate_count(spec.cell.kind)) * static_cast<double>(spec.cell.units);
  const double rows = static_cast<double>(spec.T) * static_cast<double>(spec.B) + static_cast<double>(spec.B) + columns;
  const double features =
      static_cast<double>(spec.I) + columns + static_cast<double>(spec.cell.projection_units.value_or(0));
  constexpr double kMostElements = 0x1p53;
  if (rows * features + static_cast<double>(spec.T) > kMostElements) {
    throw ValueError("T, B, I and units",
                     std::to_string(spec.T) + ", " + std::to_string(spec.B) + ", " + std::to_string(spec.I) + " and " +
                         std::to_string(spec.cell.units),
                     "sizes of tensors with fewer than 2^53 elements");
  }
}

void check_sizes(const RecurrenceSpec& spec) {
  const auto check = [](const char* name, std::int64_t size, std::int64_t least) {
    if (size < least) throw ValueError(name, std::to_string(size), "at least " + std::to_string(least));
  };
  check_cell(spec.cell);
  check("T", spec.T, 0);
  check("B", spec.B, 0);
  check("I", spec.I, 0);
  check_products(spec);
  if (!is_floating(spec.dtype)) throw ValueError("dtype", to_string(spec.dtype), "a floating dtype");
  if (spec.packed) check_packed(spec);
  if (spec.state_rows != 0) check_state_rows(spec);
  check("segment", spec.segment, 0);
  if (spec.segment > 0 && spec.keep != Keep::states) {
    throw ValueError("segment", std::to_string(spec.segment) + " where the spec keeps " + to_string(spec.keep),
                     "0, or a spec that keeps states");
  }
  check_has_gradients(spec);
  if (spec.segment > 0 && swaps_reserve(spec)) {
    throw ValueError("swap_memory", "true where segments of " + std::to_string(spec.segment) + " steps are run again",
                     "false, or a segment of 0");
  }
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

Planner::Data checked_data(RecurrenceSpec spec, const DeviceProperties& properties, const PlanOptions& options) {
  spec.math = options.math.value_or(spec.math);
  check_sizes(spec);
  if (options.threads < 0) throw ValueError("threads", std::to_string(options.threads), "at least 0");
  Planner::Data data{
      .spec = spec, .properties = properties, .graph_use = options.graph_use, .never_waits = options.never_waits};
  if (spec.device.type == DeviceType::cpu && options.threads > 0) {
    data.properties.processors = std::min(properties.processors, options.threads);
  }
  return data;
}

/// The executor's answer, in which blocks that wait for each other are a reason to decline where that is asked for.
Answer answer_of(const Executor& executor, const Planner::Data& data, bool never_waits) {
  Answer answer = executor.decide(data.spec, data.properties);
  const auto* decision = std::get_if<std::shared_ptr<const Decision>>(&answer);
  if (decision != nullptr && data.spec.keep != Keep::nothing) {
    if (std::optional<Refusal> refusal = executor.refuse_to_keep(data.spec)) return *std::move(refusal);
    if (std::optional<Refusal> refusal = refuse_to_swap(executor, data.spec)) return *std::move(refusal);
  }
  if (never_waits && decision != nullptr && (*decision)->may_stall()) {
    return Refusal{"its blocks wait for each other, which never_waits excludes"};
  }
  return answer;
}

/// Asks one executor. Keeps its decision or its refusal, and says whether it accepts.
bool takes(Planner::Data& data, const Executor& executor) {
  Answer answer = answer_of(executor, data, data.never_waits);
  if (auto* decision = std::get_if<std::shared_ptr<const Decision>>(&answer)) {
    data.executor = &executor;
    data.decision = std::move(*decision);
    return true;
  }
  data.declined.push_back({std::string(executor.name()), std::get<Refusal>(std::move(answer))});
  return false;
}

void find_fallback(Planner::Data& data) {
  if (!data.decision->needs_fallback()) return;
  for (const Executor* executor : executor_list(data.spec.device.type).automatic) {
    data.may_be_replaced = data.may_be_replaced || executor == data.executor;
    if (executor == data.executor || data.fallback != nullptr) continue;
    Answer answer = answer_of(*executor, data, true);
    auto* decision = std::get_if<std::shared_ptr<const Decision>>(&answer);
    if (decision == nullptr) continue;
    data.fallback = std::move(*decision);
    data.fallback_name = executor->name();
  }
}

/// The plan of the first of these executors that accepts, with the first of `backward` for its gradients.
Plan first_of(std::span<const Executor* const> executors, Planner::Data data, const BackwardCandidates& backward) {
  for (const Executor* executor : executors) {
    if (!takes(data, *executor)) continue;
    find_fallback(data);
    if (data.spec.keep != Keep::nothing) {
      find_backward(data, backward);
      if (data.backward == nullptr) throw ValueError("no executor computes the gradients of " + explained(data));
    }
    return Planner::plan(std::make_shared<const Planner::Data>(std::move(data)));
  }
  throw ValueError("no executor accepts " + explained(data));
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
  Data data = checked_data(spec, properties, options);
  const std::span<const Executor* const> automatic = executor_list(spec.device.type).automatic;
  const auto candidates = [&](const std::string& name, const Executor*(&named)[1]) {
    if (name.empty()) return automatic;
    named[0] = &named_executor(name, spec.device);
    return std::span<const Executor* const>(named);
  };
  const Executor* forward[1];
  const Executor* backward[1];
  const auto forward_candidates = candidates(options.executor, forward);
  return first_of(forward_candidates, std::move(data),
                  {candidates(options.backward_executor, backward), !options.backward_executor.empty()});
}

Plan plan_for(const Executor& executor, const RecurrenceSpec& spec, const DeviceProperties& properties,
              const PlanOptions& options) {
  return plan_for(executor, executor, spec, properties, options);
}

Plan plan_for(const Executor& executor, const Executor& backward, const RecurrenceSpec& spec,
              const DeviceProperties& properties, const PlanOptions& options) {
  const Executor* const executors[] = {&executor};
  const Executor* const backward_executors[] = {&backward};
  return first_of(executors, checked_data(spec, properties, options), {backward_executors, &backward != &executor});
}

std::optional<std::size_t> own_reserve_bytes(const Plan& plan) {
  const Planner::Data& data = Planner::data(plan);
  return data.spec.keep == Keep::nothing ? std::nullopt : data.decision->own_reserve_bytes();
}

void check_common_reserve(const Plan& plan) {
  const Planner::Data& data = Planner::data(plan);
  if (data.spec.keep == Keep::nothing || data.executor->kept_layout() == KeptLayout::common) return;
  throw ValueError("executor", plan.executor_name() + ", whose reserves have a layout of their own",
                   "one whose reserves have the common layout, outside of a Session");
}

const RecurrenceSpec& Plan::spec() const { return data_->spec; }
const DeviceProperties& Plan::properties() const { return data_->properties; }
GraphUse Plan::graph_use() const { return data_->graph_use; }
std::string Plan::executor_name() const { return std::string(data_->executor->name()); }
std::string Plan::backward_executor_name() const {
  return data_->backward_executor == nullptr ? "" : std::string(data_->backward_executor->name());
}
std::size_t Plan::workspace_bytes() const {
  const std::size_t forward = data_->decision->workspace_bytes();
  if (data_->backward == nullptr) return forward;
  const bool replaced = data_->backward_fallback != nullptr;
  return std::max({forward, data_->backward->workspace_bytes(),
                   replaced ? data_->backward_fallback->workspace_bytes() : std::size_t{0}});
}
std::size_t Plan::reserve_bytes(std::optional<std::int64_t> packed_rows) const {
  const RecurrenceSpec& spec = data_->spec;
  if (const std::optional<std::size_t> own = own_reserve_bytes(*this)) return *own;
  return spec.keep == Keep::nothing ? 0 : reserve_layout(spec, packed_rows.value_or(spec.T * spec.B)).bytes;
}
Tensor Plan::empty_reserve(std::optional<std::int64_t> packed_rows) const {
  if (data_->spec.keep == Keep::nothing)
    throw ValueError("keep", "nothing", "states or gates in the spec, for a reserve");
  return unwritten_reserve(data_->spec, reserve_bytes(packed_rows));
}
std::optional<double> Plan::predicted_ns() const { return data_->decision->predicted_ns(); }
bool Plan::may_stall() const {
  return data_->decision->may_stall() || (data_->backward != nullptr && data_->backward->may_stall());
}
std::string Plan::explain() const { return explained(*data_); }

}  // namespace rondo
