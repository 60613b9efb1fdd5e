/// What of a network runs at once.
#pragma once

#include "rondo/plan/network.h"

namespace rondo {

/// "layers[1].backward": what messages call a recurrence.
std::string name_of(std::size_t layer, Direction direction);

/// Throws `ValueError` for a network without layers, and for specs that do not fit each other.
void check_network(const NetworkSpec& spec);

/// Of a network that fits. Throws as Plan::create, naming the layer.
std::vector<NetworkStage> plan_stages(const NetworkSpec& spec, const DeviceProperties& properties,
                                      const NetworkOptions& options);

/// Pieces of the scratch memory of a stage begin at multiples of this, which every executor is content with.
inline constexpr std::size_t kScratchAlignment = 256;

/// Scratch memory of one lane, whichever of its plans runs.
std::size_t scratch_bytes(const NetworkLane& lane);

}  // namespace rondo
