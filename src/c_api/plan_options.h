/// Structs of rondo/c/plan.h as Rondo's own.
#pragma once

#include "c_api/handles.h"
#include "rondo/c/plan.h"
#include "rondo/plan/network.h"
#include "rondo/plan/plan.h"

namespace rondo::c_api {

template <>
struct HandleTraits<rondo_plan> {
  using Object = Plan;
  static constexpr HandleKind kKind = HandleKind::plan;
};

/// Throw `ValueError` naming the member whose number stands for nothing.
RecurrenceSpec spec_of(const rondo_recurrence& given);
PlanOptions plan_options_of(const rondo_plan_options& given);
NetworkOptions network_options_of(const rondo_plan_options& given);

}  // namespace rondo::c_api
