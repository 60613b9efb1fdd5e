#include "cuda/persistent/planner/persistent_choice.h"

#include <algorithm>
#include <utility>

#include "cuda/model/hardware_constants.h"
#include "cuda/persistent/shape/operand_kind.h"

namespace rondo {
namespace {

constexpr std::int64_t kMostUnits = 1 << 14;  // with more, sizes of a block might exceed 31 bits
constexpr std::int64_t kMostRows = std::int64_t{1} << 30;
constexpr std::int64_t kMostSteps = std::int64_t{1} << 30;

/// The time by which plans are compared. The model of the product by cuBLASLt rests on measurements, but that of a
/// kernel that multiplies x itself does not: such a kernel must be faster by kHardware.input_gain.
/// bench/report/tuning.py compares alike.
double weighed_ns(const PersistentPlan& plan) {
  return plan.total_ns * (plan.shape.multiplies_inputs() ? kHardware.input_gain : 1.0);
}

/// Why no kernel runs a recurrence on any device; empty where there are kernels for it.
std::string why_none(const RecurrenceSpec& spec) {
  if (!has_operand(spec)) return "it computes in f32, f16 and bf16 alone";
  if (!is_plain(spec.cell)) return "its LSTM has no peepholes, no cell clip and no projection";
  if (const std::optional<Activation> other = other_activation(spec.cell)) {
    return "it has no " + to_string(*other) + ", but linear, tanh, sigmoid, hard_sigmoid, hard_sigmoid_keras3 and relu";
  }
  if (spec.cell.units > kMostUnits) return "H is above " + std::to_string(kMostUnits);
  if (spec.B > kMostRows) return "B is above 2^30";
  if (spec.T > kMostSteps) return "T is above 2^30";
  if (spec.B == 0) return "there are no rows";
  return {};
}

/// Why no kernel computes the gradients of a recurrence on any device.
std::string why_none_backward(const RecurrenceSpec& spec) {
  if (std::string reason = why_none(spec); !reason.empty()) return reason;
  if (spec.segment > 0) return "it does not run segments again";
  if (spec.dtype == DType::f32 && spec.math == MatrixMath::tf32x3)
    return "its gradients have no products of three TF32";
  return {};
}

std::string why_too_large(const DeviceProperties& properties, std::span<const PersistentKind> kinds) {
  const PersistentKind kind = kinds.back();
  if (kinds.size() == 1 && kind == PersistentKind::cluster && properties.clusters.most_blocks() == 0) {
    return "the device has no clusters of blocks";
  }
  return "the recurrent kernel does not fit " +
         (kind == PersistentKind::block ? "one block" : "the blocks of a " + name_of(kind));
}

std::optional<PersistentPlan> first_ranked(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                           const PersistentOptions& options) {
  const std::vector<PersistentPlan> candidates = ranked_persistent(spec, properties, options);
  return candidates.empty() ? std::nullopt : std::optional(candidates.front());
}

/// What first_ranked gives without a row of the table, without sorting. Every plan of a layer asks for this.
std::optional<PersistentPlan> fastest(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                      std::span<const PersistentKind> kinds, Pass pass) {
  std::optional<PersistentPlan> best;
  for (const PersistentKind kind : kinds) {
    const std::vector<PersistentPlan> plans = unsorted_persistent_plans(spec, properties, kind, pass);
    const auto found = std::ranges::min_element(
        plans, {}, [](const PersistentPlan& plan) { return std::pair(weighed_ns(plan), plan.total_ns); });
    if (found != plans.end() && (!best || weighed_ns(*found) < weighed_ns(*best))) best = *found;
  }
  return best;
}

}  // namespace

std::vector<PersistentPlan> ranked_persistent(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                              const PersistentOptions& options) {
  std::vector<PersistentPlan> candidates;
  if (!why_none(spec).empty()) return candidates;
  for (const PersistentKind kind : options.kinds) {
    const std::vector<PersistentPlan> of_kind = persistent_plans(spec, properties, kind);
    candidates.insert(candidates.end(), of_kind.begin(), of_kind.end());
  }
  std::ranges::stable_sort(candidates, {}, weighed_ns);
  const TuningRow* row = find_tuning(options.table, spec, properties);
  if (row == nullptr) return candidates;
  const auto measured = std::ranges::find_if(
      candidates, [&](const auto& candidate) { return candidate_name(candidate.shape) == row->candidate; });
  if (measured == candidates.end()) return candidates;
  measured->measured = row;
  std::rotate(candidates.begin(), measured, measured + 1);
  return candidates;
}

PersistentChoice choose_persistent(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                   const PersistentOptions& options) {
  PersistentChoice choice{.reason = why_none(spec)};
  if (!choice.reason.empty()) return choice;
  const TuningRow* row = find_tuning(options.table, spec, properties);
  choice.plan = row == nullptr ? fastest(spec, properties, options.kinds, Pass::forward)
                               : first_ranked(spec, properties, options);
  if (!choice.plan) choice.reason = why_too_large(properties, options.kinds);
  if (choice.plan && choice.plan->measured != nullptr) return choice;
  if (row != nullptr && row->candidate == kStepwiseCandidate) choice.stepwise = row;
  return choice;
}

PersistentChoice choose_persistent_backward(const RecurrenceSpec& spec, const DeviceProperties& properties,
                                            std::span<const PersistentKind> kinds) {
  PersistentChoice choice{.reason = why_none_backward(spec)};
  if (!choice.reason.empty()) return choice;
  choice.plan = fastest(spec, properties, kinds, Pass::backward);
  if (!choice.plan) choice.reason = why_too_large(properties, kinds);
  return choice;
}

}  // namespace rondo
