/// Cuts a network into stages, and decides which recurrences run at once.
#pragma once

#include "rondo/plan/network.h"

namespace rondo {

class Executor;

/// The name of a recurrence in messages, such as "layers[1].backward".
std::string name_of(std::size_t layer, Direction direction);

/// Throws `ValueError` for a network without layers, and for specs that do not fit each other.
void check_network(const NetworkSpec& spec);

/// Plans the stages of a network that check_network has accepted. `unlisted` as Planner::network_plan has it. Throws as
/// Plan::create, naming the layer.
std::vector<NetworkStage> plan_stages(const NetworkSpec& spec, const DeviceProperties& properties,
                                      const NetworkOptions& options, const Executor* unlisted);

/// Each lane's piece of a stage's scratch memory begins at a multiple of this, which suits every executor.
inline constexpr std::size_t kScratchAlignment = 256;

/// Bytes of scratch memory of one lane: enough for its plan and for its tail.
std::size_t scratch_bytes(const NetworkLane& lane);

}  // namespace rondo
