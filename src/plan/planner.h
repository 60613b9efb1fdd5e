/// What a plan holds, and plans for executors that are in no list.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "recurrence/executor.h"
#include "rondo/plan/network.h"
#include "rondo/plan/plan.h"

namespace rondo {

struct Plan::Data {
  struct Declined {
    std::string executor;
    Refusal refusal;
  };

  RecurrenceSpec spec;
  DeviceProperties properties;
  GraphUse graph_use = GraphUse::automatic;
  bool never_waits = false;
  const Executor* executor = nullptr;  ///< outlives the plan
  std::shared_ptr<const Decision> decision = nullptr;
  std::vector<Declined> declined = {};
  // Where the spec keeps a reserve: who computes the gradients, and who has declined that.
  const Executor* backward_executor = nullptr;
  std::shared_ptr<const BackwardDecision> backward = nullptr;
  std::vector<Declined> backward_declined = {};
  // As the fallback of runs, below.
  std::shared_ptr<const BackwardDecision> backward_fallback = nullptr;
  std::string backward_fallback_name = {};
  bool backward_may_be_replaced = false;
  /// What runs after a stalled run: the decision of the first automatic executor whose blocks do not wait for each
  /// other. Null where the decision needs none, or where no executor has one.
  std::shared_ptr<const Decision> fallback = nullptr;
  std::string fallback_name = {};
  /// Whether a session runs the fallback where the device has no room. It does not if the caller asked for an executor
  /// that no plan takes of itself.
  bool may_be_replaced = false;
};

/// The library's own view of plans.
class Planner {
 public:
  using Data = Plan::Data;

  static const Data& data(const Plan& plan) { return *plan.data_; }
  static Plan plan(std::shared_ptr<const Data> data) { return Plan(std::move(data)); }

  /// `unlisted` runs all recurrences; null: the executor of the options, or the first that accepts.
  static NetworkPlan network_plan(const NetworkSpec& spec, const DeviceProperties& properties,
                                  const NetworkOptions& options, const Executor* unlisted);
};

/// The bytes of the reserve of a run, where its executor has a layout of its own; absent where it has the common one,
/// and where the spec keeps nothing. May ask the device.
std::optional<std::size_t> own_reserve_bytes(const Plan& plan);

/// Throws `ValueError` where the runs of the plan keep a reserve in a layout of their own: networks and layers cut
/// their memory by the common layout.
void check_common_reserve(const Plan& plan);

/// Makes a plan for an executor that outlives the plan and may be in no list. `options.executor` is ignored. Throws
/// `ValueError` for a spec with a negative or missing size, and, with the reason, if the executor declines.
Plan plan_for(const Executor& executor, const RecurrenceSpec& spec, const DeviceProperties& properties,
              const PlanOptions& options = {});

/// As plan_for, with the gradients by another executor, which outlives the plan.
Plan plan_for(const Executor& executor, const Executor& backward, const RecurrenceSpec& spec,
              const DeviceProperties& properties, const PlanOptions& options = {});

/// Plans a network whose recurrences are all run by `executor`, as plan_for does. `options.executor` is ignored.
NetworkPlan network_plan_for(const Executor& executor, const NetworkSpec& spec, const NetworkOptions& options = {});

}  // namespace rondo
