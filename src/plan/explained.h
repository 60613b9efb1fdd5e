/// The text of Plan::explain.
#pragma once

#include <string>

#include "plan/planner.h"

namespace rondo {

/// The spec, why executors declined, who runs it and how, and the same of its gradients, as far as they are decided.
std::string explained(const Planner::Data& data);

}  // namespace rondo
