/// Recurrent layers on top of each other as one network.
#pragma once

#include <memory>
#include <optional>

#include "models/model_layer.h"
#include "rondo/keras/bidirectional.h"

namespace rondo {

/// The stack of one layer that a call is, if it may become one network with the layers below and above: known cells
/// that read forward, or in both directions merged by concat; a call of nothing but a sequence with the mask that it
/// carries; and no states that are kept or returned. Absent for all else.
std::optional<RecurrentStack> stack_of(const RNN& layer, const CallSite& site);
std::optional<RecurrentStack> stack_of(const Bidirectional& layer, const CallSite& site);

/// Both stacks, the upper one on top, if the lower one returns sequences and both have the mask; else absent.
std::optional<RecurrentStack> joined_stack(const RecurrentStack& lower, const RecurrentStack& upper);

/// The layer that runs a stack. A stack that reads forward alone can be streamed.
std::unique_ptr<ModelLayer> stack_layer(const RecurrentStack& stack, const PlanOptions& plan);

}  // namespace rondo
